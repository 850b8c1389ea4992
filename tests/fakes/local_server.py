"""A server on this machine that answers as a fake tells it."""

import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Handler(BaseHTTPRequestHandler):
    """What the fakes' handlers have in common."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet, or the other side waits for 40 ms

    def read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send_json(
        self, status: int, body: object, headers: Mapping[str, str] | None = None
    ) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def send_piece(self, data: bytes) -> None:
        """A part of a stream, at once."""
        self.wfile.write(data)
        self.wfile.flush()

    def break_off(self) -> None:
        """Close the connection, whatever was promised."""
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
        """Stay silent."""


class LocalServer(ABC):
    """Serves on a free port of 127.0.0.1 while the `with` block runs."""

    @abstractmethod
    def handler(self) -> type[Handler]:
        """The class that answers a request."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
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
    def host(self) -> str:
        """Address and port."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Without a path."""
        return f"http://{self.host}"
