"""Load on the Ticket API for its benchmark: the mix of calls, and clients that make them."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msp_core.checkout import require_checkout
from msp_core.errors import DependencyFailed

MIX = {"POST": 20, "GET": 50, "LIST": 20, "PATCH": 10}
"""Percent of the calls, by kind."""
_START_S = 30
_LEAST_CALLS = 20
_FINE = frozenset({409, 412})
"""Two clients changed one ticket at the same moment, which is as it should be."""


@dataclass(frozen=True)
class Call:
    """One call of the mix; `kind` is a key of `MIX`."""

    kind: str
    method: str
    path: str
    query: str = ""
    body: str = ""


Caller = Callable[[Call], tuple[int, str]]
"""Makes a call and returns status and body."""


@dataclass
class Calls:
    """Draws calls of the mix, on tickets that are there."""

    draw: random.Random
    ticket_ids: Sequence[str]

    def one(self) -> Call:
        """The next call."""
        kind = self.draw.choices(list(MIX), list(MIX.values()))[0]
        path = f"/tickets/{self.draw.choice(self.ticket_ids)}"
        if kind == "POST":
            return new_ticket(self.draw.randrange(10**6))
        if kind == "GET":
            return Call(kind, "GET", path)
        if kind == "LIST":
            return Call(kind, "GET", "/tickets", query="limit=20")
        note = json.dumps({"priority": self.draw.choice(["Low", "Medium", "High"])})
        return Call(kind, "PATCH", path, body=note)


@dataclass
class Measured:
    """Seconds of each call by kind, and what each call that failed was answered."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in MIX})
    failed: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Calls made."""
        return sum(map(len, self.seconds.values()))

    def make(self, call: Call, caller: Caller) -> None:
        """Make a call and take its time."""
        start = time.perf_counter()
        status, body = caller(call)
        self.seconds[call.kind].append(time.perf_counter() - start)
        if not 200 <= status < 300 and status not in _FINE:
            self.failed.append(f"{call.method} with {status}: {body[:200]}")

    def require_success(self) -> None:
        """Pass, or say what went wrong: what is refused is quick, and no throughput.

        Raises:
            DependencyFailed: a call failed.
        """
        if self.failed:
            raise DependencyFailed(
                f"{len(self.failed)} of {self.count} calls failed, so that the times mean nothing. "
                f"The first was answered {self.failed[0]}"
            )


def new_ticket(number: int) -> Call:
    """A POST."""
    said = {"title": f"VPN down {number}", "description": "Users cannot reach the file server."}
    return Call("POST", "POST", "/tickets", body=json.dumps(said))


def prepare(caller: Caller, count: int) -> list[str]:
    """Create tickets and return their ids.

    Raises:
        DependencyFailed: one was not created.
    """
    made = []
    for number in range(count):
        status, body = caller(new_ticket(number))
        if status != 201:
            raise DependencyFailed(f"A ticket was answered with {status}: {body[:200]}")
        made.append(str(json.loads(body)["ticket"]["TicketId"]))
    return made


def clients(
    open_caller: Callable[[], AbstractContextManager[Caller]],
    count: int,
    calls: Sequence[Calls],
    *,
    seconds: float,
) -> tuple[Measured, float]:
    """What so many clients measure at once, and how long they took; a few calls each at least.

    Raises:
        DependencyFailed: a call failed.
    """
    measured = [Measured() for _ in range(count)]
    end = time.perf_counter() + seconds

    def run(number: int) -> None:
        with open_caller() as caller:
            while time.perf_counter() < end or measured[number].count < _LEAST_CALLS:
                measured[number].make(calls[number].one(), caller)

    start = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run, range(count)))
    took = time.perf_counter() - start
    together = Measured()
    for one in measured:
        together.failed += one.failed
        for kind, values in one.seconds.items():
            together.seconds[kind] += values
    together.require_success()
    return together, took


def server_environ(environ: Mapping[str, str], state: Path) -> dict[str, str]:
    """For a server that is measured: as shipped, whatever the settings here are."""
    kept = {name: value for name, value in environ.items() if not name.startswith("MSP_")}
    return kept | {"MSP_STATE_DIR": str(state), "LOG_LEVEL": "ERROR"}


@contextmanager
def serving(state: Path) -> Iterator[int]:
    """`./dev api` on a state folder; yields its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "app.ticket_api.server", f"--port={port}"],
        cwd=require_checkout("msp bench"),
        env=server_environ(os.environ, state),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + _START_S
        while not _answers(port):
            if time.monotonic() > end or process.poll() is not None:
                raise DependencyFailed("The server did not start; `./dev api` says why.")
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_START_S)


@contextmanager
def http_caller(port: int, token: str) -> Iterator[Caller]:
    """A client with one connection that it keeps."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    headers: dict[str, Any] = {"Authorization": f"Bearer {token}"}

    def call(wanted: Call) -> tuple[int, str]:
        path = f"{wanted.path}?{wanted.query}" if wanted.query else wanted.path
        kind = {"Content-Type": "application/json"} if wanted.body else {}
        connection.request(wanted.method, path, wanted.body or None, headers | kind)
        response = connection.getresponse()
        return response.status, response.read().decode()

    with closing(connection):
        yield call


def _answers(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
    except OSError:
        return False
