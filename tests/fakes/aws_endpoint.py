"""A local HTTP endpoint that speaks the wire format of an AWS service (rest-json)."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, Shape, StringShape, StructureShape

Json = dict[str, Any]


class Refusal(Exception):
    """An error that the service answers with."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass
class AwsEndpoint:
    """Serves on a free port of 127.0.0.1 while the `with` block runs.

    Attributes:
        answer: gets path and body, gives the answer's body, or raises `Refusal`.
        failures: raised first, one per request, in this order.
        requests: path and body of each request, oldest first.
        headers: of each request.
    """

    answer: Callable[[str, Json], Json]
    failures: list[Refusal] = field(default_factory=list)
    requests: list[tuple[str, Json]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
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
        return f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def reached_by(self, service: str) -> Iterator[None]:
        """Clients of this service that are made meanwhile call this endpoint."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}", self.url)
            patch.setenv("AWS_ACCESS_KEY_ID", "local")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "local")
            yield

    def reply(self, path: str, body: Json, headers: dict[str, str]) -> Json:
        with self._lock:
            self.requests.append((path, body))
            self.headers.append(headers)
            if self.failures:
                raise self.failures.pop(0)
        return self.answer(path, body)


def _handler_for(endpoint: AwsEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet, or the other side waits for 40 ms

        def do_POST(self) -> None:  # the name is http.server's
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                path = unquote(self.path)
                self._send(200, endpoint.reply(path, json.loads(body), dict(self.headers)))
            except Refusal as error:
                self._send(error.status, {"message": str(error)}, error.code)

        def _send(self, status: int, body: Json, code: str | None = None) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            if code is not None:
                self.send_header("x-amzn-ErrorType", code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
            """Stay silent."""

    return Handler


def service_model(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def check(shape: Shape, value: Any, where: str = "") -> None:
    """Refuse what the service model forbids; botocore itself does not look at upper limits."""
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return
        _require(isinstance(value, dict), where, "an object")
        for name in shape.required_members:
            _require(name in value, f"{where}.{name}", "given")
        for name, member in value.items():
            _require(name in shape.members, f"{where}.{name}", "known")
            check(shape.members[name], member, f"{where}.{name}")
        return
    size = value
    if isinstance(shape, ListShape):
        _require(isinstance(value, list), where, "a list")
        for member in value:
            check(shape.member, member, f"{where}[]")
        size = len(value)
    elif isinstance(shape, StringShape):
        _require(isinstance(value, str), where, "a string")
        _require(not shape.enum or value in shape.enum, where, f"one of {shape.enum}")
        size = len(value)
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    _require(low is None or size >= low, where, f"{low} or more")
    _require(high is None or size <= high, where, f"{high} or less")


def _require(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise Refusal("ValidationException", f"{where} must be {what}")
