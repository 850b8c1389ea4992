"""Callers of the Ticket API: in this process, and over HTTP to a real server."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from app.ticket_api.event import HttpRequest, make_event
from app.ticket_api.handler import TicketApi
from msp_core.bootstrap import Services
from msp_core.clock import to_iso
from msp_core.scope import Role, Scope
from msp_core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ALTA, KELLER = "alta-foods", "keller"
PERSON = {
    "mia": Scope("mia", Role.MANAGER, frozenset({ALTA, KELLER})),
    "tom": Scope("tom", Role.TECHNICIAN, frozenset({ALTA, KELLER})),
    "ana": Scope("ana", Role.CUSTOMER, frozenset({ALTA})),
    "kim": Scope("kim", Role.CUSTOMER, frozenset({KELLER})),
}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def fields(self) -> list[str]:
        """What a problem document names."""
        return [error["field"] for error in self.body["errors"]]


def claims_of(scope: Scope, **changed: object) -> dict[str, object]:
    return {
        "iss": "msp-local",
        "aud": "msp-ticket-api",
        "token_use": "id",
        "exp": int((NOW + timedelta(hours=1)).timestamp()),
        "sub": scope.actor_id,
        "custom:role": scope.role.value,
        "custom:customers": ",".join(sorted(scope.customer_ids)),
        **changed,
    }


@dataclass
class Desk:
    """The handler over a state folder."""

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = Settings(**{"state_dir": self.folder, "now": NOW} | self.settings)
        self.services = Services(settings, ROOT / "data")
        self.api = TicketApi(self.services)

    def call(
        self,
        who: str | Mapping[str, object] | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        query: Mapping[str, Any] | str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call; `raw` is sent as it is, `body` as JSON."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        request = HttpRequest(
            method,
            path,
            query if isinstance(query, str) else urlencode(query, quote_via=quote),
            list((sent | dict(headers or {})).items()),
            raw if raw is not None else b"" if body is None else json.dumps(body).encode(),
            "127.0.0.1",
        )
        claims = claims_of(PERSON[who]) if isinstance(who, str) else who
        answered = self.api.handle(make_event(request, claims), None)
        text = answered["body"]
        return Answer(
            answered["statusCode"], answered["headers"], json.loads(text) if text else None
        )

    def create(self, who: str = "tom", customer: str = ALTA, **said: Any) -> dict[str, Any]:
        body = {"title": "VPN down", "description": "Since Monday.", "customer_id": customer} | said
        answer = self.call(who, "POST", "/tickets", body)
        assert answer.status == 201, answer
        ticket: dict[str, Any] = answer.body["ticket"]
        return ticket

    def ids(self) -> list[str]:
        """Every ticket there is."""
        rows = self.call("mia", "GET", "/tickets", query={"limit": 100}).body["tickets"]
        return [row["TicketId"] for row in rows]


@dataclass
class Server:
    """`./dev api` as a process group of its own; `now`: what its clock is pinned to."""

    state: Path
    workers: int = 2
    now: datetime | None = None
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "app.ticket_api.server"]
        pinned = {} if self.now is None else {"MSP_NOW": to_iso(self.now)}
        with (self.state.parent / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, f"--port={self.port}", f"--workers={self.workers}"],
                cwd=ROOT,
                env=os.environ | pinned | {"MSP_STATE_DIR": str(self.state)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                if self.call(None, "GET", "/health").status == 200:
                    return
            time.sleep(0.05)
        raise AssertionError((self.state.parent / "server.log").read_text(encoding="utf-8"))

    def kill(self, sign: int = signal.SIGKILL) -> int:
        """Signal the server (KILL: its workers too) and wait for its end."""
        assert self.process is not None
        if sign == signal.SIGKILL:
            os.killpg(self.process.pid, sign)
        else:
            self.process.send_signal(sign)
        return self.process.wait(30)

    def token(self, scope: Scope) -> str:
        services = Services(Settings(state_dir=self.state, now=self.now), ROOT / "data")
        return services.local_tokens.issue(scope, lifetime=timedelta(hours=1))

    def client(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def call(
        self,
        token: str | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        connection: http.client.HTTPConnection | None = None,
    ) -> Answer:
        """One call; `raw` is sent as it is, `body` as JSON."""
        own = connection or self.client()
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            sent["Content-Type"] = "application/json"
        content = raw if body is None else json.dumps(body)
        try:
            own.request(method, path, content, sent | dict(headers or {}))
            response = own.getresponse()
            text = response.read()
        finally:
            if connection is None:
                own.close()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, json.loads(text) if text else None)


@contextlib.contextmanager
def serving(state: Path, *, workers: int = 2, now: datetime | None = None) -> Iterator[Server]:
    server = Server(state, workers, now)
    try:
        server.start()
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
