"""Each kind of bad input, sent to the real server: a problem that names the field, no trace."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import jwt
import pytest

from msp_core.bootstrap import Services
from msp_core.clock import fixed_clock, system_clock
from msp_core.scope import Scope
from msp_core.settings import Settings
from msp_core.tickets.cursor import CURSOR_LIFE, Cursors
from msp_core.tickets.store import Position, TicketFilter
from msp_core.tokens import LocalTokens
from tests.fakes.ticket_api import ALTA, PERSON, ROOT, Server

GOOD = {"title": "VPN down", "description": "Since Monday."}
JSON = {"Content-Type": "application/json"}
TOM = PERSON["tom"]


@dataclass(frozen=True)
class Sent:
    """A call that is wrong in one way, and what the problem says of it; `path` may name {id}."""

    status: int
    name: str
    method: str = "POST"
    path: str = "/tickets"
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    token: Callable[[Server], str] | None = None


def said(name: str, value: object, *, method: str = "POST", path: str = "/tickets") -> Sent:
    """A body that would be good with another value of the field."""
    body = {"customer_id": ALTA} | GOOD if method == "POST" else {}
    return Sent(422, name, method, path, json.dumps(body | {name: value}).encode(), JSON)


def listed(name: str, query: str) -> Sent:
    return Sent(422, name, "GET", f"/tickets?{query}")


def forged(**claims: object) -> Callable[[Server], str]:
    """A token with other claims, signed with a key that is not the server's."""

    def make(server: Server) -> str:
        true = jwt.decode(server.token(TOM), options={"verify_signature": False})
        return jwt.encode(true | claims, "x" * 32, algorithm="HS256")

    return make


def unsigned(server: Server) -> str:
    true = jwt.decode(server.token(TOM), options={"verify_signature": False})
    return jwt.encode(true, None, algorithm="none")


def made_at(offset: timedelta) -> Callable[[Server], str]:
    """A true token, made by a clock that differs; it counts for an hour."""

    def make(server: Server) -> str:
        clock = fixed_clock(system_clock() + offset)
        tokens = LocalTokens(server.state / "tokens.key", clock)
        return tokens.issue(TOM, lifetime=timedelta(hours=1))

    return make


def expired_cursor(server: Server) -> str:
    store = Services(Settings(state_dir=server.state), ROOT / "data").tickets
    then = fixed_clock(system_clock() - CURSOR_LIFE)
    return Cursors(store.secret(), then).seal(
        Position(system_clock(), "TKT-20260101-00000000"), TOM, TicketFilter()
    )


MANY = b'{"title": "' + b"x" * 450_000 + b'"}'
CASES = {
    "not JSON": Sent(400, "body", raw=b'{"title": ', headers=JSON),
    "nothing": Sent(400, "body", raw=b"", headers=JSON),
    "nested deeply": Sent(400, "body", raw=b'{"a":' * 980 + b"1" + b"}" * 980, headers=JSON),
    "null in place of an object": Sent(422, "body", raw=b"null", headers=JSON),
    "a number for a text": said("title", 5),
    "a list for a text": said("description", ["a"]),
    "a text for a list": said("tags", "vpn"),
    "an object for a text": said("note", {"text": "a"}),
    "true for a text": said("assigned_to", True),
    "null for a text": said("title", None),
    "null for a choice": said("priority", None),
    "null in a change": said("status", None, method="PATCH", path="/tickets/{id}"),
    "a lone surrogate": said("title", "a\ud800b"),
    "a lone surrogate in a list": replace(said("tags", ["\udfff"]), name="tags.0"),
    "a lone surrogate as a name": replace(said("a\ud800", 1), name="body"),
    "NaN for a text": said("title", float("nan")),
    "infinity for a list": said("tags", float("-inf")),
    "a body of 450 KB": Sent(413, "body", raw=MANY, headers=JSON),
    "a change of 450 KB": Sent(413, "body", "PATCH", "/tickets/{id}", MANY, JSON),
    "multipart without boundary": Sent(
        415, "Content-Type", raw=b"--x", headers={"Content-Type": "multipart/form-data"}
    ),
    "not UTF-8": Sent(400, "body", raw=b'{"title": "\xff\xfe"}', headers=JSON),
    "an unknown field": said("colour", "red"),
    "a negative limit": listed("limit", "limit=-1"),
    "a huge limit": listed("limit", f"limit={'9' * 40}"),
    "a limit that is not digits alone": listed("limit", "limit=1_0"),
    "NaN as a limit": listed("limit", "limit=NaN"),
    "an unknown parameter": listed("offset", "offset=1"),
    "a parameter that is not UTF-8": listed("status", "status=%ff"),
    "a forged cursor": listed("cursor", "cursor=" + "QUFB" * 20),
    "an expired cursor": listed("cursor", "cursor={cursor}"),
    "no token": Sent(401, "Authorization", "GET", token=lambda _: ""),
    "a forged token": Sent(401, "Authorization", "GET", token=forged()),
    "a forged role": Sent(401, "Authorization", "GET", token=forged(**{"custom:role": "manager"})),
    "alg=none": Sent(401, "Authorization", "GET", token=unsigned),
    "an expired token": Sent(401, "Authorization", "GET", token=made_at(timedelta(hours=-2))),
    "a token of the future": Sent(401, "Authorization", "GET", token=made_at(timedelta(hours=1))),
    "an unknown customer": said("customer_id", "nobody"),
    "an unknown customer of a list": listed("customer_id", "customer_id=nobody"),
    "an unknown team": said("team", "nobody"),
    "an unknown team in a change": said("team", "nobody", method="PATCH", path="/tickets/{id}"),
    "an illegal status move": said("status", "On Hold", method="PATCH", path="/tickets/{done}"),
}


@pytest.fixture(scope="module")
def done(server: Server) -> str:
    """A resolved ticket."""
    made = call(server, TOM, "POST", "/tickets", {"customer_id": ALTA} | GOOD)
    path = f"/tickets/{made['TicketId']}"
    return str(
        call(server, TOM, "PATCH", path, {"status": "Resolved", "resolution": "a"})["TicketId"]
    )


def call(server: Server, who: Scope, method: str, path: str, body: dict[str, str]) -> Any:
    return server.call(server.token(who), method, path, body).body["ticket"]


def stored(server: Server) -> tuple[int, int, int]:
    """Tickets, the sum of their versions, and idempotency keys."""
    with closing(sqlite3.connect(server.state / "tickets.db")) as database:
        tickets = database.execute("SELECT count(*), sum(version) FROM tickets").fetchone()
        return *tickets, database.execute("SELECT count(*) FROM written_once").fetchone()[0]


@pytest.mark.parametrize("sent", CASES.values(), ids=CASES.keys())
def test_it_is_refused_by_name_and_leaves_no_trace(server: Server, done: str, sent: Sent) -> None:
    before = stored(server)
    path = sent.path.format(id=done, done=done, cursor="")
    if "{cursor}" in sent.path:
        path = sent.path.format(cursor=expired_cursor(server))
    token = server.token(TOM) if sent.token is None else sent.token(server)
    answer = server.call(
        token, sent.method, path, raw=sent.raw, headers={"Idempotency-Key": "k", **sent.headers}
    )
    assert (answer.status, answer.fields) == (sent.status, [sent.name])
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.body["status"] == sent.status
    assert stored(server) == before


def test_clocks_may_differ_a_little(server: Server) -> None:
    for seconds in (-3570, 50):
        token = made_at(timedelta(seconds=seconds))(server)
        assert server.call(token, "GET", "/tickets?limit=1").status == 200
