"""A local HTTP server that speaks the chat-completions protocol with scripted replies.

    with OpenAiServer([Reply(text="Hello.", chunk_delay_s=0.2)]) as server:
        ...  # MSP_MODEL_PROVIDER=openai, MSP_MODEL_URL=server.url

Only streaming requests are understood, which is all that the assistant sends.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from tests.fakes.local_server import Handler, LocalServer

Request = dict[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """A tool that the model asks for."""

    name: str
    arguments: dict[str, Any]
    call_id: str = "call_1"


@dataclass(frozen=True)
class Reply:
    """What the server answers to one request.

    Attributes:
        text: streamed in pieces of `chunk_size` characters.
        tool_calls: asked for after the text.
        chunk_delay_s: waited before each piece, the first one too.
        status: other than 200, an error with `text` as its message.
        break_after: the connection is cut after so many pieces.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    chunk_size: int = 12
    chunk_delay_s: float = 0.0
    status: int = 200
    break_after: int | None = None
    input_tokens: int = 100
    output_tokens: int = 20


@dataclass
class OpenAiServer(LocalServer):
    """A model server, with scripted replies.

    Attributes:
        replies: given in this order, or made from the request body by a function. When the list is
            used up, every further request is an error 500 that says so.
        requests: the bodies received, oldest first.
        cut_off: how many requests the other side closed before the reply was complete.
    """

    replies: Sequence[Reply] | Callable[[Request], Reply]
    requests: list[Request] = field(default_factory=list)
    cut_off: int = 0

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        return super().__enter__()

    def handler(self) -> type[Handler]:
        """See `LocalServer.handler`."""
        return _handler_for(self)

    @property
    def url(self) -> str:
        """The base URL, as `MSP_MODEL_URL` wants it."""
        return f"{super().url}/v1"

    def reply_to(self, request: Request) -> Reply:
        """Note the request and take its reply."""
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
        if callable(self.replies):
            return self.replies(request)
        if number >= len(self.replies):
            return Reply(status=500, text="the script of the fake server is used up")
        return self.replies[number]

    def note_cut_off(self) -> None:
        """Count a request whose sender went away."""
        with self._lock:
            self.cut_off += 1


def _handler_for(server: OpenAiServer) -> type[Handler]:
    class Completions(Handler):
        protocol_version = "HTTP/1.0"  # the end of the connection ends the body
        wbufsize = 0  # nothing is left to send when the other side has gone

        def do_POST(self) -> None:  # noqa: N802  # http.server's name
            body = self.read_body()
            if not self.path.endswith("/chat/completions"):
                self._send_error(404, f"no such path: {self.path}")
                return
            request = json.loads(body)
            reply = server.reply_to(request)
            if reply.status != 200:
                self._send_error(reply.status, reply.text)
                return
            try:
                self._stream(reply, model=request["model"])
            except (BrokenPipeError, ConnectionResetError):
                server.note_cut_off()

        def _stream(self, reply: Reply, *, model: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for number, chunk in enumerate(_chunks(reply)):
                if reply.break_after is not None and number >= reply.break_after:
                    self.break_off()
                    return
                time.sleep(reply.chunk_delay_s)
                whole = {
                    "id": "c-1",
                    "object": "chat.completion.chunk",
                    "created": 0,
                    "model": model,
                }
                self.send_piece(f"data: {json.dumps(whole | chunk)}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")

        def _send_error(self, status: int, message: str) -> None:
            self.send_json(status, {"error": {"message": message, "type": "fake", "code": None}})

    return Completions


def _chunks(reply: Reply) -> Iterator[dict[str, Any]]:
    """The parts of the stream that differ, in order; the last one carries the usage."""
    yield _delta({"role": "assistant", "content": ""})
    for start in range(0, len(reply.text), reply.chunk_size):
        yield _delta({"content": reply.text[start : start + reply.chunk_size]})
    for index, call in enumerate(reply.tool_calls):
        function = {"name": call.name, "arguments": json.dumps(call.arguments)}
        tool = {"index": index, "id": call.call_id, "type": "function", "function": function}
        yield _delta({"tool_calls": [tool]})
    yield _delta({}, finish="tool_calls" if reply.tool_calls else "stop")
    total = reply.input_tokens + reply.output_tokens
    usage = {
        "prompt_tokens": reply.input_tokens,
        "completion_tokens": reply.output_tokens,
        "total_tokens": total,
    }
    yield {"choices": [], "usage": usage}


def _delta(delta: dict[str, Any], *, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
