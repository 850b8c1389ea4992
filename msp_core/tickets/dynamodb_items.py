"""How a ticket stands in its DynamoDB table: its items, the indexes, and what a list reads.

`TKT#<id>` is the ticket: `META` (the list row), `NOTE#<time>#<note id>`, `HIST#<10 digits>`. META
counts the notes and lines, so that a reader knows when it has them all.
"""

import json
from collections.abc import Sequence
from typing import Any
from zlib import crc32

from msp_core.clock import to_iso
from msp_core.dynamodb.item import ALONE, Item
from msp_core.dynamodb.shape import Index, TableShape
from msp_core.scope import Scope
from msp_core.tickets.record import (
    change_from_record,
    change_to_record,
    note_from_record,
    note_to_record,
    row_from_record,
    row_to_record,
)
from msp_core.tickets.store import Position, TicketFilter
from msp_core.tickets.ticket import DONE, Change, Note, Status, Ticket, TicketRow

_FILTERED = ("customer_id", "status", "priority", "category", "assigned_to", "requester")
SORT = "listed_at"


def _index(name: str, partition: str) -> Index:
    return Index(name, partition, SORT, tuple(key for key in _FILTERED if key != partition))


BY_CUSTOMER = _index("by_customer", "customer_id")
BY_STATUS = _index("by_status", "customer_status")
BY_ASSIGNEE = _index("by_assignee", "assigned_to")
BY_QUEUE = _index("by_queue", "queue")
TICKETS_TABLE = TableShape((BY_CUSTOMER, BY_STATUS, BY_ASSIGNEE, BY_QUEUE))

QUEUE_SHARDS = 4
QUEUE_FROM = QUEUE_SHARDS + 1
"""Customers of a scope from which on a list of active tickets reads the queue of all customers.

That takes fewer calls, and looking past the entries of others costs little.
"""


def ticket_key(ticket_id: str) -> str:
    """The partition of a ticket."""
    return f"TKT#{ticket_id}"


def meta_item(ticket: Ticket) -> Item:
    """The item that stands for the ticket in lists."""
    item: Item = {
        "pk": ticket_key(ticket.ticket_id),
        "sk": ALONE,
        "ticket_id": ticket.ticket_id,
        "customer_id": ticket.customer_id,
        "customer_status": f"{ticket.customer_id}#{ticket.status}",
        SORT: place(Position(ticket.created_at, ticket.ticket_id)),
        "status": str(ticket.status),
        "priority": str(ticket.priority),
        "category": str(ticket.category),
        "requester": ticket.requester,
        "version": ticket.version,
        **written_counts(ticket),
        "row": row_text(ticket),
    }
    if ticket.assigned_to:
        item["assigned_to"] = ticket.assigned_to
    if ticket.status not in DONE:
        shard = crc32(ticket.ticket_id.encode()) % QUEUE_SHARDS
        item["queue"] = _queue(ticket.status, shard)
    return item


def written_counts(ticket: Ticket) -> Item:
    """How much was written on the ticket."""
    return {"notes": len(ticket.notes), "lines": len(ticket.history)}


def row_text(ticket: Ticket) -> str:
    """The list row as JSON."""
    return json.dumps(row_to_record(ticket.row()), ensure_ascii=False)


def written_items(ticket: Ticket, *, notes: int = 0, lines: int = 0) -> list[Item]:
    """The items of the notes and lines of history after the first ones."""
    pk = ticket_key(ticket.ticket_id)
    items: list[Item] = []
    for number, note in enumerate(ticket.notes[notes:], start=notes):
        sk = f"NOTE#{to_iso(note.at)}#{note.id}"
        items.append({"pk": pk, "sk": sk, "number": number, "record": _json(note_to_record(note))})
    for number, line in enumerate(ticket.history[lines:], start=lines):
        record = _json(change_to_record(line))
        items.append({"pk": pk, "sk": f"HIST#{number:010}", "number": number, "record": record})
    return items


def read_row(item: Item) -> TicketRow:
    """The list row of a META item."""
    return row_from_record(json.loads(str(item["row"])))


def read_written(items: Sequence[Item]) -> tuple[tuple[Note, ...], tuple[Change, ...]]:
    """The notes and lines among a ticket's items, in the order they were written."""
    ordered = sorted(
        (item for item in items if "record" in item), key=lambda item: int(item["number"])
    )

    def records(kind: str) -> list[Any]:
        rows = [item for item in ordered if str(item["sk"]).startswith(kind)]
        return [json.loads(str(item["record"])) for item in rows]

    notes = tuple(note_from_record(record) for record in records("NOTE#"))
    return notes, tuple(change_from_record(record) for record in records("HIST#"))


def place(position: Position) -> str:
    """The sort key of a position in every index."""
    return f"{to_iso(position.created_at)}#{position.ticket_id}"


def stretches(scope: Scope, wanted: TicketFilter) -> list[tuple[Index, str]]:
    """The index keys whose items, merged, hold every ticket that is wanted; maybe others too."""
    customers = sorted(scope.visible_customers)
    if not customers:
        return []
    if wanted.assigned_to is not None:
        return [(BY_ASSIGNEE, wanted.assigned_to)] if wanted.assigned_to else []
    if wanted.statuses is None:
        return [(BY_CUSTOMER, customer) for customer in customers]
    statuses = sorted(wanted.statuses)
    if len(customers) >= QUEUE_FROM and not wanted.statuses & DONE:
        shards = range(QUEUE_SHARDS)
        return [(BY_QUEUE, _queue(status, shard)) for status in statuses for shard in shards]
    return [(BY_STATUS, f"{customer}#{status}") for customer in customers for status in statuses]


def is_wanted(item: Item, scope: Scope, wanted: TicketFilter) -> bool:
    """Whether an item of an index, or a META item, is of the scope and matches the filter."""
    if item["customer_id"] not in scope.visible_customers:
        return False
    if wanted.statuses is not None and item["status"] not in wanted.statuses:
        return False
    return all(
        getattr(wanted, name) is None or item.get(name) == getattr(wanted, name)
        for name in ("priority", "category", "assigned_to", "requester")
    )


def _queue(status: Status, shard: int) -> str:
    return f"Q#{status}#{shard}"


def _json(record: object) -> str:
    return json.dumps(record, ensure_ascii=False)
