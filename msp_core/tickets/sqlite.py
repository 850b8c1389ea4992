"""Tickets in a SQLite file."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from msp_core.clock import to_iso
from msp_core.database import Database
from msp_core.errors import Conflict, NotFound
from msp_core.scope import Scope
from msp_core.tickets.record import ticket_from_record, ticket_to_record
from msp_core.tickets.store import IdempotencyKey, TicketFilter, TicketPage
from msp_core.tickets.ticket import Ticket

MIGRATIONS = (
    """
    CREATE TABLE tickets (
        ticket_id TEXT PRIMARY KEY,
        customer_id TEXT NOT NULL,
        status TEXT NOT NULL,
        priority TEXT NOT NULL,
        category TEXT NOT NULL,
        assigned_to TEXT,
        requester TEXT NOT NULL,
        created_at TEXT NOT NULL,
        version INTEGER NOT NULL,
        deleted INTEGER NOT NULL DEFAULT 0,
        record TEXT NOT NULL
    ) STRICT;
    CREATE INDEX tickets_by_customer ON tickets (customer_id, created_at DESC, ticket_id DESC);
    CREATE TABLE idempotency (
        actor_id TEXT NOT NULL,
        key TEXT NOT NULL,
        body_sha256 TEXT NOT NULL,
        ticket_id TEXT NOT NULL,
        PRIMARY KEY (actor_id, key)
    ) STRICT
    """,
)

_INSERT = (
    "INSERT INTO tickets (ticket_id, customer_id, status, priority, category, assigned_to,"
    " requester, created_at, version, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class SqliteTicketStore:
    """A `TicketStore` in one file; a connection per operation, for any thread and process."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, MIGRATIONS)

    def get(self, ticket_id: str, scope: Scope) -> Ticket:
        """See `TicketStore.get`."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT record, customer_id FROM tickets WHERE ticket_id = ? AND NOT deleted",
                (ticket_id,),
            ).fetchone()
        if row is None or row["customer_id"] not in scope.visible_customers:
            raise _not_found(ticket_id)
        return _ticket(row)

    def find(self, scope: Scope, wanted: TicketFilter, *, limit: int) -> TicketPage:
        """See `TicketStore.find`."""
        where, values = _conditions(scope, wanted)
        with self._database.read() as connection:
            total = connection.execute(
                f"SELECT count(*) FROM tickets WHERE {where}", values
            ).fetchone()[0]
            rows = connection.execute(
                f"SELECT record FROM tickets WHERE {where} "
                "ORDER BY created_at DESC, ticket_id DESC LIMIT ?",
                (*values, limit),
            ).fetchall()
        return TicketPage(tuple(_ticket(row) for row in rows), total)

    def add(self, ticket: Ticket, *, once: IdempotencyKey | None = None) -> Ticket:
        """See `TicketStore.add`."""
        with self._database.write() as connection:
            if (earlier := _used(connection, once)) is not None:
                return _current(connection, earlier)
            try:
                connection.execute(_INSERT, (ticket.ticket_id, *_columns(ticket)))
            except sqlite3.IntegrityError as error:
                raise Conflict(f"The ticket id {ticket.ticket_id} is taken.") from error
            _remember(connection, once, ticket.ticket_id)
        return ticket

    def load(self, tickets: Sequence[Ticket]) -> int:
        """See `TicketStore.load`."""
        rows = [(ticket.ticket_id, *_columns(ticket)) for ticket in tickets]
        with self._database.write() as connection:
            before = connection.total_changes
            connection.executemany(f"{_INSERT} ON CONFLICT DO NOTHING", rows)
            return connection.total_changes - before

    def replace(
        self, ticket: Ticket, *, expected_version: int, once: IdempotencyKey | None = None
    ) -> Ticket:
        """See `TicketStore.replace`."""
        with self._database.write() as connection:
            if (earlier := _used(connection, once)) is not None:
                return _current(connection, earlier)
            _check_version(connection, ticket.ticket_id, expected_version)
            connection.execute(
                "UPDATE tickets SET customer_id = ?, status = ?, priority = ?, category = ?,"
                " assigned_to = ?, requester = ?, created_at = ?, version = ?, record = ? WHERE"
                " ticket_id = ?",
                (*_columns(ticket), ticket.ticket_id),
            )
            _remember(connection, once, ticket.ticket_id)
        return ticket

    def delete(self, ticket_id: str, *, expected_version: int) -> None:
        """See `TicketStore.delete`."""
        with self._database.write() as connection:
            _check_version(connection, ticket_id, expected_version)
            connection.execute(
                "UPDATE tickets SET deleted = 1, version = version + 1 WHERE ticket_id = ?",
                (ticket_id,),
            )


def _conditions(scope: Scope, wanted: TicketFilter) -> tuple[str, tuple[str, ...]]:
    customers = sorted(scope.visible_customers)
    clauses = ["NOT deleted", f"customer_id IN ({', '.join('?' * len(customers))})"]
    values: list[str] = list(customers)
    if wanted.statuses is not None:
        clauses.append(f"status IN ({', '.join('?' * len(wanted.statuses))})")
        values += sorted(wanted.statuses)
    for column in ("priority", "category", "assigned_to", "requester"):
        value = getattr(wanted, column)
        if value is not None:
            clauses.append(f"{column} = ?")
            values.append(value)
    return " AND ".join(clauses), tuple(values)


def _columns(ticket: Ticket) -> tuple[str | int | None, ...]:
    return (
        ticket.customer_id,
        ticket.status,
        ticket.priority,
        ticket.category,
        ticket.assigned_to,
        ticket.requester,
        to_iso(ticket.created_at),
        ticket.version,
        json.dumps(ticket_to_record(ticket), ensure_ascii=False),
    )


def _ticket(row: sqlite3.Row) -> Ticket:
    return ticket_from_record(json.loads(row["record"]))


def _current(connection: sqlite3.Connection, ticket_id: str) -> Ticket:
    row = connection.execute(
        "SELECT record FROM tickets WHERE ticket_id = ? AND NOT deleted", (ticket_id,)
    ).fetchone()
    if row is None:
        raise _not_found(ticket_id)
    return _ticket(row)


def _check_version(connection: sqlite3.Connection, ticket_id: str, expected: int) -> None:
    row = connection.execute(
        "SELECT version FROM tickets WHERE ticket_id = ? AND NOT deleted", (ticket_id,)
    ).fetchone()
    if row is None:
        raise _not_found(ticket_id)
    if row["version"] != expected:
        raise Conflict(
            f"{ticket_id} was changed meanwhile (version {row['version']}, you had {expected}). "
            "Read it again and repeat the change."
        )


def _used(connection: sqlite3.Connection, once: IdempotencyKey | None) -> str | None:
    """The id of the ticket that this key wrote before, or None."""
    if once is None:
        return None
    row = connection.execute(
        "SELECT body_sha256, ticket_id FROM idempotency WHERE actor_id = ? AND key = ?",
        (once.actor_id, once.key),
    ).fetchone()
    if row is None:
        return None
    if row["body_sha256"] != once.body_sha256:
        raise Conflict("This idempotency key was used for another request. Use a new key.")
    return str(row["ticket_id"])


def _remember(connection: sqlite3.Connection, once: IdempotencyKey | None, ticket_id: str) -> None:
    if once is not None:
        connection.execute(
            "INSERT INTO idempotency (actor_id, key, body_sha256, ticket_id) VALUES (?, ?, ?, ?)",
            (once.actor_id, once.key, once.body_sha256, ticket_id),
        )


def _not_found(ticket_id: str) -> NotFound:
    return NotFound(
        f"There is no ticket {ticket_id} that you can see. "
        "Check the id (`msp tickets list` shows yours) and the customer you work for."
    )
