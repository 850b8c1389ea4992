"""The tables of the SQLite ticket store, and the queries that list them."""

from collections.abc import Sequence
from dataclasses import replace

from msp_core.clock import to_iso
from msp_core.scope import Scope
from msp_core.tickets.store import Position, TicketFilter

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
    # Keys by operation, with an end and the answer; tombstones without text; lists by index.
    """
    DROP TABLE idempotency;
    CREATE TABLE written_once (
        actor_id TEXT NOT NULL,
        operation TEXT NOT NULL,
        key TEXT NOT NULL,
        body_sha256 TEXT NOT NULL,
        ticket_id TEXT NOT NULL,
        response TEXT,
        expires_at TEXT NOT NULL,
        PRIMARY KEY (actor_id, operation, key)
    ) STRICT;
    CREATE INDEX written_once_by_end ON written_once (expires_at);
    CREATE INDEX written_once_by_ticket ON written_once (ticket_id);
    CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
    ALTER TABLE tickets ADD COLUMN deleted_at TEXT;
    ALTER TABLE tickets ADD COLUMN deleted_by TEXT;
    UPDATE tickets SET record = '', requester = '', assigned_to = NULL WHERE deleted;
    DROP INDEX tickets_by_customer;
    CREATE INDEX tickets_by_customer ON tickets (customer_id, created_at DESC, ticket_id DESC)
        WHERE NOT deleted;
    CREATE INDEX tickets_by_status
        ON tickets (customer_id, status, created_at DESC, ticket_id DESC) WHERE NOT deleted;
    CREATE INDEX tickets_by_assignee ON tickets (assigned_to, created_at DESC, ticket_id DESC)
        WHERE NOT deleted
    """,
)

Query = tuple[str, list[str | int]]
_MOST_STRETCHES = 400
"""SQLite joins at most 500 queries in one."""


def listing(scope: Scope, wanted: TicketFilter, limit: int, after: Position | None) -> Query:
    """The query for a page, newest first, and its values.

    A stretch of an index (one customer, or one customer and status) is in the order wanted, so a
    page takes the first rows of each and merges them: its cost does not grow with the table.
    """
    customers = sorted(scope.visible_customers)
    statuses = [None] if wanted.statuses is None else sorted(wanted.statuses)
    if wanted.assigned_to is not None or len(customers) * len(statuses) > _MOST_STRETCHES:
        stretches = [_where(customers, wanted)]
    else:
        stretches = [
            _where(
                [customer],
                wanted if status is None else replace(wanted, statuses=frozenset({status})),
            )
            for customer in customers
            for status in statuses
        ]
    if not stretches:
        stretches = [_where([], wanted)]
    parts: list[str] = []
    values: list[str | int] = []
    beyond, beyond_values = "", []
    if after is not None:
        beyond = " AND (created_at, ticket_id) < (?, ?)"
        beyond_values = [to_iso(after.created_at), after.ticket_id]
    for where, own in stretches:
        parts.append(
            "SELECT * FROM (SELECT created_at, ticket_id FROM tickets"
            f" WHERE {where}{beyond} ORDER BY created_at DESC, ticket_id DESC LIMIT ?)"
        )
        values += [*own, *beyond_values, limit]
    together = " UNION ALL ".join(parts)
    order = "ORDER BY page.created_at DESC, page.ticket_id DESC"
    page = f"SELECT * FROM ({together}) AS page {order} LIMIT ?"
    return (
        f"SELECT record FROM ({page}) AS page JOIN tickets USING (ticket_id) {order}",
        [*values, limit],
    )


def counting(scope: Scope, wanted: TicketFilter, at_most: int) -> Query:
    """The query that counts what matches, up to a number, and its values."""
    where, values = _where(sorted(scope.visible_customers), wanted)
    return (
        f"SELECT count(*) FROM (SELECT 1 FROM tickets WHERE {where} LIMIT ?)",
        [*values, at_most],
    )


def _where(customers: Sequence[str], wanted: TicketFilter) -> Query:
    clauses = ["NOT deleted"]
    values: list[str | int] = []
    for column, allowed in (
        ("customer_id", customers),
        ("status", wanted.statuses),
        ("priority", wanted.priority and [wanted.priority]),
        ("category", wanted.category and [wanted.category]),
        ("assigned_to", None if wanted.assigned_to is None else [wanted.assigned_to]),
        ("requester", None if wanted.requester is None else [wanted.requester]),
    ):
        if allowed is not None:
            clauses.append(f"{column} IN ({', '.join('?' * len(allowed))})")
            values += sorted(allowed)
    return " AND ".join(clauses), values
