"""A local HTTP server that speaks ConverseStream of bedrock-runtime with scripted replies.

    with BedrockServer({"weak": [Reply(fault="throttled")], "strong": [Reply("Hello.")]}) as server:
        ...  # BedrockModel(model_id="weak", endpoint_url=server.url, ...)

Its streams have the event-stream encoding of the service: length prelude, headers, two checksums.
"""

import json
import struct
import urllib.parse
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.fakes.local_server import Handler, LocalServer

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
class BedrockServer(LocalServer):
    """Bedrock's runtime, with scripted replies.

    Attributes:
        replies: by model id, given in order; a model whose list is used up answers 500.
        asked: model ids of the requests, oldest first.
    """

    replies: dict[str, list[Reply]]
    asked: list[str] = field(default_factory=list)

    def handler(self) -> type[Handler]:
        """See `LocalServer.handler`."""
        return _handler_for(self)


def _handler_for(server: BedrockServer) -> type[Handler]:
    class Converse(Handler):
        def do_POST(self) -> None:  # noqa: N802  # http.server's name
            self.read_body()
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
            self.send_json(status, {"message": error}, {"x-amzn-ErrorType": error})

        def _stream(self, reply: Reply) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.amazon.eventstream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for frame in _frames(reply):
                self._chunk(frame)
            if reply.fault == "reset":
                self._chunk(_frame("contentBlockStop", {"contentBlockIndex": 0})[:20])
                self.break_off()
                return
            self.wfile.write(b"0\r\n\r\n")

        def _chunk(self, data: bytes) -> None:
            self.send_piece(b"%x\r\n%b\r\n" % (len(data), data))

    return Converse


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
