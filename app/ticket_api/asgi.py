"""The Lambda handler behind HTTP: one call at a time in each worker process."""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from typing import Any

from app.ticket_api.event import HttpRequest, make_event
from app.ticket_api.handler import TicketApi, ticket_api
from app.ticket_api.problems import refused, unavailable
from msp_core.errors import NotAuthenticated
from msp_core.tokens import LocalTokens

MAX_WAITING = 32
"""Calls that wait in one worker; more are told to come again."""
MAX_READ = 1024 * 1024
"""Bytes of a body that are read at all; the handler says no to less."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class LocalGateway:
    """What API Gateway does on AWS: checks the token, makes the event, sends the answer."""

    def __init__(self, api: TicketApi, tokens: LocalTokens) -> None:
        self._api = api
        self._tokens = tokens
        self._one_at_a_time = ThreadPoolExecutor(max_workers=1)
        self._waiting = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """An ASGI application without start and stop of its own."""
        body = await _read(receive)
        request = HttpRequest(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=[(name.decode("latin-1"), value.decode("latin-1"))
                     for name, value in scope["headers"]],
            body=body or b"",
            source_ip=(scope.get("client") or ("127.0.0.1",))[0],
        )  # fmt: skip
        if body is None:
            detail = "The body is too large. Shorten it."
            too_large = refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, name="body")
            await _send(send, self._api.refuse(make_event(request, None), too_large), close=True)
            return
        if self._waiting >= MAX_WAITING:
            busy = unavailable("Too much at once. Try again in a moment.")
            await _send(send, self._api.refuse(make_event(request, None), busy))
            return
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            answered = await loop.run_in_executor(self._one_at_a_time, self._handle, request)
        finally:
            self._waiting -= 1
        await _send(send, answered)

    def _handle(self, request: HttpRequest) -> dict[str, Any]:
        headers = {name.lower(): value for name, value in request.headers}
        kind, _, token = headers.get("authorization", "").partition(" ")
        claims = None
        if kind.lower() == "bearer" and request.path != "/health":
            try:
                claims = self._tokens.verify(token.strip())
            except NotAuthenticated:
                pass  # without claims the handler says what is needed
            except Exception as error:  # noqa: BLE001  # such as a key that others may read
                return self._api.refuse(make_event(request, None), error)
        return self._api.handle(make_event(request, claims), None)


def application() -> LocalGateway:
    """The application of one worker process, over the services of this environment."""
    server = parent_process()
    if server is not None:  # else this is the server itself
        threading.Thread(target=_end_with, args=(server,), daemon=True).start()
    api = ticket_api()
    return LocalGateway(api, api.services.local_tokens)


def _end_with(server: BaseProcess) -> None:
    """Stop when the server is gone, also without a word."""
    server.join()
    os.kill(os.getpid(), signal.SIGTERM)


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when it is larger than what is read."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_READ:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _send(send: Send, answered: dict[str, Any], *, close: bool = False) -> None:
    content = (answered["body"] or "").encode()
    headers = {name.lower(): str(value) for name, value in answered["headers"].items()}
    headers["content-length"] = str(len(content))
    if close:
        headers["connection"] = "close"
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    status = answered["statusCode"]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": content})
