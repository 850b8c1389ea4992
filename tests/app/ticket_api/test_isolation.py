"""Many clients of several customers at once, each with what belongs to the others."""

import json
import random
import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from msp_core.scope import Role, Scope
from tests.fakes.ticket_api import Answer, Server

CUSTOMERS = ("alta-foods", "brightwater", "keller", "medora")
INTERNAL = "only the desk may read this"
ASSIGNEE = "hidden-assignee"
KINDS = ("read", "list", "cursor", "note", "change", "create", "delete", "health")


def people() -> list[Scope]:
    """16 actors: of each customer two employees, a technician (for the next one too), a manager."""
    made = []
    for number, customer in enumerate(CUSTOMERS):
        following = CUSTOMERS[(number + 1) % len(CUSTOMERS)]
        for role, name, customers in (
            (Role.CUSTOMER, "first", {customer}),
            (Role.CUSTOMER, "second", {customer}),
            (Role.TECHNICIAN, "technician", {customer, following}),
            (Role.MANAGER, "manager", {customer}),
        ):
            made.append(Scope(f"{name}-{number}", role, frozenset(customers)))
    return made


@dataclass
class Shared:
    """What everybody tries: ids with whose they are, and cursors of everybody's lists."""

    owner: dict[str, str] = field(default_factory=dict)
    cursors: list[str] = field(default_factory=list)

    def whose(self, ticket: dict[str, object]) -> None:
        self.owner[str(ticket["TicketId"])] = str(ticket["CustomerId"])


@dataclass
class Client:
    """One actor's calls, and what was wrong with the answers."""

    server: Server
    scope: Scope
    shared: Shared
    draw: random.Random
    wrong: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def run(self, calls: int) -> None:
        token = self.server.token(self.scope)
        with closing(self.server.client()) as connection:
            for _ in range(calls):
                kind = self.draw.choice(KINDS)
                method, path, body, headers = self.request(kind)
                answer = self.server.call(
                    token, method, path, body, headers=headers, connection=connection
                )
                self.check(kind, method, path, answer)
                self.done[kind] += answer.status < 300

    def ticket_id(self) -> str:
        """One of the caller's own customers, or anybody's."""
        ids = list(self.shared.owner)
        if self.draw.random() < 0.5:
            ids = [id_ for id_ in ids if self.shared.owner[id_] in self.scope.customer_ids]
        return self.draw.choice(ids)

    def request(self, kind: str) -> tuple[str, str, dict[str, str] | None, dict[str, str]]:
        path = f"/tickets/{self.ticket_id()}"
        customer = self.draw.choice(CUSTOMERS)
        # Everybody uses the same few keys and versions.
        key = {"Idempotency-Key": f"{kind}-{self.draw.randrange(4)}"}
        etag = {"If-Match": self.draw.choice(["*", '"1"', '"2"', '"3"'])}
        staff = self.scope.role is not Role.CUSTOMER
        if kind == "list":
            named = f"&customer_id={customer}" if self.draw.random() < 0.5 else ""
            return "GET", f"/tickets?limit=2{named}", None, {}
        if kind == "cursor":
            query = f"limit=2&cursor={self.draw.choice(self.shared.cursors)}"
            return "GET", f"/tickets?{query}", None, {}
        if kind == "note":
            said = {"note": f"said by {self.scope.actor_id}"}
            if staff and self.draw.random() < 0.5:
                said = {"note": f"{INTERNAL}: {self.scope.actor_id}", "note_visibility": "internal"}
            return "PATCH", path, said, key if self.draw.random() < 0.3 else {}
        if kind == "change":
            return "PATCH", path, {"priority": self.draw.choice(["Low", "High"])}, etag
        if kind == "create":
            said = {"title": "a", "description": "b", "customer_id": customer}
            return "POST", "/tickets", said, key if self.draw.random() < 0.5 else {}
        if kind == "delete":
            return "DELETE", path, None, etag
        return "GET", "/health" if kind == "health" else path, None, {}

    def check(self, kind: str, method: str, path: str, answer: Answer) -> None:
        text = json.dumps(answer.body)
        said = f"{self.scope.actor_id}: {method} {path}: {answer.status} {text[:300]}"
        if answer.status >= 500:
            self.wrong.append(said)
        if self.scope.role is Role.CUSTOMER and (INTERNAL in text or ASSIGNEE in text):
            self.wrong.append(f"internal matter: {said}")
        owner = self.shared.owner.get(path.removeprefix("/tickets/"))
        if owner is not None and owner not in self.scope.customer_ids and answer.status < 300:
            self.wrong.append(f"foreign ticket: {said}")
        if answer.status >= 300 or kind == "health":
            return
        shown = answer.body.get("tickets") or [answer.body.get("ticket")]
        for ticket in filter(None, shown):
            if ticket["CustomerId"] not in self.scope.customer_ids:
                self.wrong.append(f"foreign customer: {said}")
            if kind == "create" and ticket["Requester"] != self.scope.actor_id:
                self.wrong.append(f"another's key: {said}")
            self.shared.whose(ticket)
        if cursor := answer.body.get("next_cursor"):
            self.shared.cursors.append(cursor)


@pytest.mark.parametrize("calls", [15, pytest.param(200, marks=pytest.mark.long)])
def test_nothing_crosses_between_customers(server: Server, calls: int) -> None:
    shared = Shared()
    everyone = Scope(f"setup-{calls}", Role.MANAGER, frozenset(CUSTOMERS))
    token = server.token(everyone)
    for customer in CUSTOMERS * 3:
        said = {"title": "a", "description": "b", "customer_id": customer}
        said |= {"assigned_to": ASSIGNEE, "note": INTERNAL, "note_visibility": "internal"}
        shared.whose(server.call(token, "POST", "/tickets", said).body["ticket"])
    for scope in people():
        for query in ("", "&status=Open"):
            page = server.call(server.token(scope), "GET", f"/tickets?limit=2{query}").body
            shared.cursors.append(page["next_cursor"])

    clients = [
        Client(server, scope, shared, random.Random(number))
        for number, scope in enumerate(people())
    ]
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: client.run(calls), clients))

    assert [wrong for client in clients for wrong in client.wrong] == []
    done = sum((client.done for client in clients), Counter[str]())
    assert not set(KINDS) - set(+done), f"some were never allowed: {done}"
    assert strangers(server, {scope.actor_id: scope for scope in [everyone, *people()]}) == []


def strangers(server: Server, known: dict[str, Scope]) -> list[str]:
    """What stands in the database that somebody of another customer wrote."""
    wrong = []
    with closing(sqlite3.connect(server.state / "tickets.db")) as database:
        rows = database.execute("SELECT customer_id, record, deleted_by FROM tickets").fetchall()
    for customer, record, deleted_by in rows:
        ticket = json.loads(record) if record else {"notes": [], "history": [], "requester": None}
        actors = {note["author"] for note in ticket["notes"]}
        actors |= {line["actor"] for line in ticket["history"]}
        actors |= {ticket["requester"], deleted_by} - {None}
        wrong += [
            f"{actor} wrote on a ticket of {customer}"
            for actor in actors & known.keys()
            if customer not in known[actor].customer_ids
        ]
        if deleted_by in known and known[deleted_by].role is not Role.MANAGER:
            wrong.append(f"{deleted_by} deleted a ticket")
    return wrong
