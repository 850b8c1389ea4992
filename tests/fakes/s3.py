"""S3 on this machine, as far as one object is put under a condition, read and deleted."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class S3:
    """Objects by `/bucket/key`; every bucket is there."""

    objects: dict[str, bytes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """The URL of a free port of 127.0.0.1."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def put(self, path: str, content: bytes, headers: Any) -> int:
        with self.lock:
            held = self.objects.get(path)
            if headers.get("If-None-Match") == "*" and held is not None:
                return 412
            wanted = headers.get("If-Match")
            if wanted is not None and (held is None or wanted != etag(held)):
                return 412
            self.objects[path] = content
            return 200


def etag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _handler_for(store: S3) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_PUT(self) -> None:  # the name is http.server's, as those below
            content = self.rfile.read(int(self.headers["Content-Length"]))
            status = store.put(self._key(), content, self.headers)
            self._send(status, code="PreconditionFailed" if status == 412 else "", of=content)

        def do_GET(self) -> None:
            held = store.objects.get(self._key())
            if held is None:
                self._send(404, code="NoSuchKey")
            elif self.headers.get("If-None-Match") == etag(held):
                self._send(304, of=held)
            else:
                self._send(200, body=held, of=held)

        def do_DELETE(self) -> None:
            store.objects.pop(self._key(), None)
            self._send(204)

        def _key(self) -> str:
            return self.path.partition("?")[0]

        def _send(
            self, status: int, *, body: bytes = b"", code: str = "", of: bytes | None = None
        ) -> None:
            if code:
                body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
            self.send_response(status)
            if of is not None:
                self.send_header("ETag", etag(of))
            if status not in {204, 304}:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
            """Stay silent."""

    return Handler
