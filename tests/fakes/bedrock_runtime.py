"""A local HTTP server that speaks ConverseStream of bedrock-runtime with scripted replies.

    with BedrockServer({"weak": [Reply(fault="throttled")], "strong": [Reply("Hello.")]}) as server:
        ...  # BedrockModel(model_id="weak", endpoint_url=server.url, ...)

Its streams have the event-stream encoding of the service: length prelude, headers, two checksums.
"""

import json
import struct
import threading
import urllib.parse
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self

Fault = Literal[
    "throttled",  # 429 before the stream
    "unavailable",  # 503 before the stream
    "truncated",  # the stream ends properly, but without messageStop
    "reset",  # the connection is closed in the middle of a frame
    "checksum",  # a frame whose checksum is wrong
    "exception",  # an exception event in the middle of the stream
]


@dataclass(frozen=True)
class Reply:
    """What the server answers to one request; a fault comes after the text was streamed."""

    text: str = ""
    fault: Fault | None = None
    cache_read_tokens: int = 0


@dataclass
class BedrockServer:
    """Serves on a free port of 127.0.0.1 while the `with` block runs.

    Attributes:
        replies: by model id, given in order; a model whose list is used up answers 500.
        asked: model ids of the requests, oldest first.
    """

    replies: dict[str, list[Reply]]
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """For `endpoint_url`."""
        return f"http://127.0.0.1:{self._server.server_port}"


def _handler_for(server: BedrockServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the name is http.server's
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            _, model, operation = urllib.parse.unquote(self.path).strip("/").split("/")
            server.asked.append(model)
            script = server.replies[model]
            if operation != "converse-stream" or not script:
                self._refuse(500, "InternalServerException")
                return
            reply = script.pop(0)
            if reply.fault == "throttled":
                self._refuse(429, "ThrottlingException")
            elif reply.fault == "unavailable":
                self._refuse(503, "ServiceUnavailableException")
            else:
                self._stream(reply)

        def _refuse(self, status: int, error: str) -> None:
            body = json.dumps({"message": error}).encode()
            self.send_response(status)
            self.send_header("x-amzn-ErrorType", error)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, reply: Reply) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.amazon.eventstream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for frame in _frames(reply):
                self._chunk(frame)
            if reply.fault == "reset":
                self._chunk(_frame("contentBlockStop", {"contentBlockIndex": 0})[:20])
                self.close_connection = True
                self.connection.close()
                return
            self.wfile.write(b"0\r\n\r\n")

        def _chunk(self, data: bytes) -> None:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
            """Stay silent."""

    return Handler


def _frames(reply: Reply) -> Iterator[bytes]:
    yield _frame("messageStart", {"role": "assistant"})
    delta = {"contentBlockIndex": 0, "delta": {"text": reply.text}}
    yield _frame("contentBlockDelta", delta)
    if reply.fault == "checksum":
        broken = bytearray(_frame("contentBlockStop", {"contentBlockIndex": 0}))
        broken[-1] ^= 1
        yield bytes(broken)
    if reply.fault == "exception":
        yield _frame("modelStreamErrorException", {"message": "lost"}, kind="exception")
    if reply.fault is not None:
        return
    yield _frame("contentBlockStop", {"contentBlockIndex": 0})
    yield _frame("messageStop", {"stopReason": "end_turn"})
    usage = {
        "inputTokens": 100,
        "outputTokens": 10,
        "totalTokens": 110,
        "cacheReadInputTokens": reply.cache_read_tokens,
        "cacheWriteInputTokens": 0,
    }
    yield _frame("metadata", {"usage": usage, "metrics": {"latencyMs": 5}})


def _frame(event: str, body: dict[str, Any], *, kind: str = "event") -> bytes:
    """One message: total and header length, their checksum, headers, body, checksum of all."""
    headers = b"".join(
        struct.pack(">B", len(name)) + name + b"\x07" + struct.pack(">H", len(value)) + value
        for name, value in (
            (b":exception-type" if kind == "exception" else b":event-type", event.encode()),
            (b":content-type", b"application/json"),
            (b":message-type", kind.encode()),
        )
    )
    payload = json.dumps(body).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))
