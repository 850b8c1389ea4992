"""Tickets in a DynamoDB table (`dynamodb_items` says how they stand in it)."""

import hashlib
import heapq
import json
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

from msp_core.clock import to_iso
from msp_core.dynamodb.failures import ConditionFailed
from msp_core.dynamodb.item import ALONE, Item, Write, how_many_together
from msp_core.dynamodb.table import Table
from msp_core.errors import Conflict, CorruptData, NotFound
from msp_core.scope import Scope
from msp_core.tickets.dynamodb_items import (
    SORT,
    is_wanted,
    meta_item,
    place,
    read_row,
    read_written,
    row_text,
    stretches,
    ticket_key,
    written_counts,
    written_items,
)
from msp_core.tickets.record import check_size, row_from_record
from msp_core.tickets.store import (
    IdempotencyKey,
    Position,
    TicketFilter,
    changed_meanwhile,
    not_found,
)
from msp_core.tickets.ticket import Ticket, TicketRow

_NEW = "attribute_not_exists(pk)"
_READS = 5
_BLOCK = 16
"""Entries of an index in 4 KB, the least that DynamoDB charges for: to read fewer saves nothing."""


class DynamoTicketStore:
    """A `TicketStore` in a table of the shape `TICKETS_TABLE`, for any thread and process."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, ticket_id: str, scope: Scope) -> Ticket:
        """See `TicketStore.get`."""
        ticket = self._whole(ticket_id)
        if ticket is None or ticket.customer_id not in scope.visible_customers:
            raise not_found(ticket_id)
        return ticket

    def find(
        self, scope: Scope, wanted: TicketFilter, *, limit: int, after: Position | None = None
    ) -> list[TicketRow]:
        """See `TicketStore.find`."""
        entries = self._entries(scope, wanted, limit=limit, after=after)
        rows: list[TicketRow] = []
        while len(rows) < limit:
            keys = [str(entry["pk"]) for entry in islice(entries, limit - len(rows))]
            if not keys:
                break
            # As they are now: the index may lag behind a change or a deletion.
            now = {str(item["pk"]): item for item in self._table.get_many(keys)}
            found = [now[key] for key in keys if key in now]
            rows += [
                read_row(item)
                for item in found
                if "deleted_at" not in item and is_wanted(item, scope, wanted)
            ]
        return rows

    def count(self, scope: Scope, wanted: TicketFilter, *, at_most: int) -> int:
        """See `TicketStore.count`."""
        entries = self._entries(scope, wanted, limit=at_most, after=None)
        return sum(1 for _ in islice(entries, at_most))

    def replay(self, once: IdempotencyKey) -> Ticket | None:
        """See `TicketStore.replay`."""
        item = self._table.get(_once_key(once))
        if item is None or int(item["expires_at"]) < once.at.timestamp():
            return None
        once.check_body(str(item["body_sha256"]))
        now = self._whole(str(item["ticket_id"]))
        if now is None:
            raise not_found(str(item["ticket_id"]))
        row = row_from_record(json.loads(str(item["row"])))
        return row.whole(now.notes[: int(item["notes"])], now.history[: int(item["lines"])])

    def add(self, ticket: Ticket, *, once: IdempotencyKey | None = None) -> Ticket:
        """See `TicketStore.add`."""
        if once is not None and (earlier := self.replay(once)) is not None:
            return earlier
        check_size(ticket)
        written = [Write(item) for item in written_items(ticket)]
        try:
            self._table.write(
                [Write(meta_item(ticket), condition=_NEW), *_remembering(once, ticket), *written]
            )
        except ConditionFailed as failed:
            # Another call with the same key may have been quicker.
            if once is not None and (earlier := self.replay(once)) is not None:
                return earlier
            raise Conflict(f"The ticket id {ticket.ticket_id} is taken.") from failed
        return ticket

    def load(self, tickets: Sequence[Ticket]) -> int:
        """See `TicketStore.load`."""
        for ticket in tickets:
            check_size(ticket)
        keys = [ticket_key(ticket.ticket_id) for ticket in tickets]
        taken = {str(item["pk"]) for item in self._table.get_many(keys)}
        return sum(
            self._load(ticket) for ticket in tickets if ticket_key(ticket.ticket_id) not in taken
        )

    def _load(self, ticket: Ticket) -> bool:
        meta, written = meta_item(ticket), written_items(ticket)
        together = how_many_together(meta, written)
        # What does not fit into the transaction goes first; without META nobody sees it.
        self._table.put_all(written[together:])
        writes = [Write(meta, condition=_NEW), *map(Write, written[:together])]
        try:
            self._table.write(writes)
        except ConditionFailed:
            return False
        return True

    def replace(
        self, ticket: Ticket, *, expected_version: int, once: IdempotencyKey | None = None
    ) -> Ticket:
        """See `TicketStore.replace`."""
        if once is not None and (earlier := self.replay(once)) is not None:
            return earlier
        check_size(ticket)
        try:
            return self._replace(ticket, expected_version, once)
        except (Conflict, NotFound):
            # Another call with the same key may have been quicker.
            if once is not None and (earlier := self.replay(once)) is not None:
                return earlier
            raise

    def _replace(
        self, ticket: Ticket, expected_version: int, once: IdempotencyKey | None
    ) -> Ticket:
        stored = self._whole(ticket.ticket_id)
        if stored is None:
            raise not_found(ticket.ticket_id)
        if stored.version != expected_version:
            raise changed_meanwhile(ticket.ticket_id, stored.version, expected_version)
        ticket = ticket.continuing(stored)
        new = written_items(ticket, notes=len(stored.notes), lines=len(stored.history))
        try:
            self._table.write(
                [
                    _at_version(meta_item(ticket), expected_version),
                    *_remembering(once, ticket),
                    *map(Write, new),
                ]
            )
        except ConditionFailed as failed:
            raise self._refused(ticket.ticket_id, expected_version) from failed
        return ticket

    def delete(self, ticket_id: str, *, expected_version: int, at: datetime, actor: str) -> None:
        """See `TicketStore.delete`."""
        items = self._table.partition(ticket_key(ticket_id))
        meta = self._living(items)
        if meta is None:
            raise not_found(ticket_id)
        tombstone: Item = {
            "pk": meta["pk"],
            "sk": ALONE,
            "ticket_id": ticket_id,
            "deleted_at": to_iso(at),
            "deleted_by": actor,
            "version": expected_version + 1,
        }
        written = [item for item in items if item["sk"] != ALONE]
        together = how_many_together(tombstone, written)
        deletes = [Write(_key(item), "Delete") for item in written[:together]]
        try:
            self._table.write([_at_version(tombstone, expected_version), *deletes])
        except ConditionFailed as failed:
            raise self._refused(ticket_id, expected_version) from failed
        self._forget(written[together:])

    def secret(self) -> bytes:
        """See `TicketStore.secret`."""
        stored = self._table.get("SECRET")
        if stored is None:
            new: Item = {"pk": "SECRET", "sk": ALONE, "value": secrets.token_bytes(32)}
            try:
                self._table.write([Write(new, condition=_NEW)])
            except ConditionFailed:
                return self.secret()
            return bytes(new["value"])  # type: ignore[arg-type]  # made above
        return bytes(stored["value"])  # type: ignore[arg-type]  # written above

    def _whole(self, ticket_id: str) -> Ticket | None:
        """The ticket; None when there is none or it was deleted.

        A read may fall into the middle of a write: of what is newer than META nothing is taken, and
        when something is missing it is read again.
        """
        for _ in range(_READS):
            items = self._table.partition(ticket_key(ticket_id))
            meta = self._living(items)
            if meta is None:
                return None
            notes, lines = read_written(items)
            if len(notes) >= int(meta["notes"]) and len(lines) >= int(meta["lines"]):
                return read_row(meta).whole(
                    notes[: int(meta["notes"])], lines[: int(meta["lines"])]
                )
        raise CorruptData(
            f"{ticket_id} has fewer notes or lines of history in the table {self._table.name} than "
            "were written. Restore the table to a point in time before."
        )

    def _living(self, items: Sequence[Item]) -> Item | None:
        """The META of a ticket's items; None when there is none or it was deleted.

        Of a deletion that was cut off, what it left is deleted now.
        """
        meta = next((item for item in items if item["sk"] == ALONE), None)
        if meta is None or "deleted_at" not in meta:
            return meta
        self._forget([item for item in items if item["sk"] != ALONE])
        return None

    def _forget(self, items: Sequence[Item]) -> None:
        self._table.delete_all([(str(item["pk"]), str(item["sk"])) for item in items])

    def _refused(self, ticket_id: str, expected: int) -> Exception:
        """Why a write at a version was refused, as it stands now."""
        now = self._table.get(ticket_key(ticket_id))
        if now is None or "deleted_at" in now:
            return not_found(ticket_id)
        return changed_meanwhile(ticket_id, int(now["version"]), expected)

    def _entries(
        self, scope: Scope, wanted: TicketFilter, *, limit: int, after: Position | None
    ) -> Iterator[Item]:
        """The index entries that match, newest first: a merge of the stretches, read lazily."""
        read = stretches(scope, wanted)
        first = limit if len(read) == 1 else max(_BLOCK, 2 * limit // max(1, len(read)))
        below = None if after is None else place(after)
        merged = heapq.merge(
            *(self._table.newest(index, key, first=first, below=below) for index, key in read),
            key=lambda item: str(item[SORT]),
            reverse=True,
        )
        before = None
        for item in merged:
            # While an index moves an entry it may show it at both places.
            if item[SORT] != before and is_wanted(item, scope, wanted):
                yield item
                before = item[SORT]


def _at_version(item: Item, expected: int) -> Write:
    condition = "version = :expected AND attribute_not_exists(deleted_at)"
    return Write(item, condition=condition, values={":expected": expected})


def _key(item: Item) -> Item:
    return {"pk": item["pk"], "sk": item["sk"]}


def _once_key(once: IdempotencyKey) -> str:
    digest = hashlib.sha256(once.key.encode()).hexdigest()
    return f"IDEM#{once.actor_id}#{once.operation}#{digest}"


def _remembering(once: IdempotencyKey | None, ticket: Ticket) -> list[Write]:
    if once is None:
        return []
    item: Item = {
        "pk": _once_key(once),
        "sk": ALONE,
        "body_sha256": once.body_sha256,
        "ticket_id": ticket.ticket_id,
        "row": row_text(ticket),
        **written_counts(ticket),
        "expires_at": int(once.expires_at.timestamp()),
    }
    free = "attribute_not_exists(pk) OR expires_at < :now"
    return [Write(item, condition=free, values={":now": int(once.at.timestamp())})]
