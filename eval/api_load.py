"""Load on the Ticket API for its benchmark: the mix of calls, and clients that make them."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """Seconds of each call by kind, and what was answered with 5xx."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in MIX})
    failed: int = 0

    @property
    def count(self) -> int:
        """Calls made."""
        return sum(map(len, self.seconds.values()))

    def make(self, call: Call, caller: Caller) -> None:
        """Make a call and take its time."""
        start = time.perf_counter()
        status, _ = caller(call)
        self.seconds[call.kind].append(time.perf_counter() - start)
        # 409: two clients changed one ticket at the same moment, which is as it should be.
        self.failed += status >= 500


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
    """What so many clients measure at once, and how long they took; a few calls each at least."""
    measured = [Measured() for _ in range(count)]
    end = time.perf_counter() + seconds

    def run(number: int) -> None:
        with open_caller() as caller:
            while time.perf_counter() < end or measured[number].count < _LEAST_CALLS:
                measured[number].make(calls[number].one(), caller)

    start = time.perf_counter()
    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - start
    together = Measured(failed=sum(one.failed for one in measured))
    for one in measured:
        for kind, values in one.seconds.items():
            together.seconds[kind] += values
    return together, took


@contextmanager
def serving(state: Path) -> Iterator[int]:
    """`./dev api` on a state folder; yields its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environ: Mapping[str, str] = os.environ | {"MSP_STATE_DIR": str(state), "LOG_LEVEL": "ERROR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.ticket_api.server", f"--port={port}"],
        cwd=require_checkout("msp bench"),
        env=environ,
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
