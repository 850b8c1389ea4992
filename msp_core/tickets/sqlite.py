"""Tickets in a SQLite file."""

import json
import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from msp_core.clock import to_iso
from msp_core.database import Database
from msp_core.errors import Conflict
from msp_core.scope import Scope
from msp_core.tickets.record import check_size, ticket_from_record, ticket_to_record
from msp_core.tickets.sqlite_schema import MIGRATIONS, counting, listing
from msp_core.tickets.store import (
    IdempotencyKey,
    Position,
    TicketFilter,
    changed_meanwhile,
    not_found,
)
from msp_core.tickets.ticket import Ticket, TicketRow

_INSERT = (
    "INSERT INTO tickets (ticket_id, customer_id, status, priority, category, assigned_to,"
    " requester, created_at, version, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class SqliteTicketStore:
    """A `TicketStore` in one file; a connection per operation, for any thread and process."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, MIGRATIONS, held=True)

    def get(self, ticket_id: str, scope: Scope) -> Ticket:
        """See `TicketStore.get`."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT record, customer_id FROM tickets WHERE ticket_id = ? AND NOT deleted",
                (ticket_id,),
            ).fetchone()
        if row is None or row["customer_id"] not in scope.visible_customers:
            raise not_found(ticket_id)
        return _ticket(row["record"])

    def find(
        self, scope: Scope, wanted: TicketFilter, *, limit: int, after: Position | None = None
    ) -> list[TicketRow]:
        """See `TicketStore.find`."""
        with self._database.read() as connection:
            rows = connection.execute(*listing(scope, wanted, limit, after)).fetchall()
        return [_ticket(row["record"]).row() for row in rows]

    def count(self, scope: Scope, wanted: TicketFilter, *, at_most: int) -> int:
        """See `TicketStore.count`."""
        with self._database.read() as connection:
            found = connection.execute(*counting(scope, wanted, at_most)).fetchone()
        return int(found[0])

    def replay(self, once: IdempotencyKey) -> Ticket | None:
        """See `TicketStore.replay`."""
        with self._database.read() as connection:
            return _used(connection, once)

    def add(self, ticket: Ticket, *, once: IdempotencyKey | None = None) -> Ticket:
        """See `TicketStore.add`."""
        columns = _columns(ticket)
        with self._database.write() as connection:
            if (earlier := _used(connection, once)) is not None:
                return earlier
            try:
                connection.execute(_INSERT, (ticket.ticket_id, *columns))
            except sqlite3.IntegrityError as error:
                raise Conflict(f"The ticket id {ticket.ticket_id} is taken.") from error
            _remember(connection, once, ticket)
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
                return earlier
            stored = _ticket(_stored(connection, ticket.ticket_id, expected_version)["record"])
            ticket = ticket.continuing(stored)
            connection.execute(
                "UPDATE tickets SET customer_id = ?, status = ?, priority = ?, category = ?,"
                " assigned_to = ?, requester = ?, created_at = ?, version = ?, record = ? WHERE"
                " ticket_id = ?",
                (*_columns(ticket), ticket.ticket_id),
            )
            _remember(connection, once, ticket)
        return ticket

    def delete(self, ticket_id: str, *, expected_version: int, at: datetime, actor: str) -> None:
        """See `TicketStore.delete`."""
        with self._database.write() as connection:
            _stored(connection, ticket_id, expected_version)
            connection.execute(
                "UPDATE tickets SET deleted = 1, version = version + 1, record = '',"
                " assigned_to = NULL, requester = '', deleted_at = ?, deleted_by = ?"
                " WHERE ticket_id = ?",
                (to_iso(at), actor, ticket_id),
            )
            connection.execute(
                "UPDATE written_once SET response = NULL WHERE ticket_id = ?", (ticket_id,)
            )
        self._database.empty_log()

    def secret(self) -> bytes:
        """See `TicketStore.secret`."""
        select = "SELECT value FROM secrets WHERE name = 'cursor'"
        with self._database.read() as connection:
            row = connection.execute(select).fetchone()
        if row is None:
            with self._database.write() as connection:
                connection.execute(
                    "INSERT INTO secrets (name, value) VALUES ('cursor', ?) ON CONFLICT DO NOTHING",
                    (secrets.token_bytes(32),),
                )
                row = connection.execute(select).fetchone()
        return bytes(row["value"])


def _columns(ticket: Ticket) -> tuple[str | int | None, ...]:
    check_size(ticket)
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


def _ticket(record: str) -> Ticket:
    return ticket_from_record(json.loads(record))


def _stored(connection: sqlite3.Connection, ticket_id: str, expected: int) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        "SELECT version, record FROM tickets WHERE ticket_id = ? AND NOT deleted", (ticket_id,)
    ).fetchone()
    if row is None:
        raise not_found(ticket_id)
    if row["version"] != expected:
        raise changed_meanwhile(ticket_id, row["version"], expected)
    return row


def _used(connection: sqlite3.Connection, once: IdempotencyKey | None) -> Ticket | None:
    """What the write of this key returned, or None."""
    if once is None:
        return None
    row = connection.execute(
        "SELECT body_sha256, ticket_id, response FROM written_once"
        " WHERE actor_id = ? AND operation = ? AND key = ? AND expires_at >= ?",
        (once.actor_id, once.operation, once.key, to_iso(once.at)),
    ).fetchone()
    if row is None:
        return None
    once.check_body(row["body_sha256"])
    if row["response"] is None:
        raise not_found(row["ticket_id"])
    return _ticket(row["response"])


def _remember(connection: sqlite3.Connection, once: IdempotencyKey | None, ticket: Ticket) -> None:
    if once is None:
        return
    connection.execute("DELETE FROM written_once WHERE expires_at < ?", (to_iso(once.at),))
    connection.execute(
        "INSERT INTO written_once (actor_id, operation, key, body_sha256, ticket_id, response,"
        " expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            once.actor_id,
            once.operation,
            once.key,
            once.body_sha256,
            ticket.ticket_id,
            json.dumps(ticket_to_record(ticket), ensure_ascii=False),
            to_iso(once.expires_at),
        ),
    )
