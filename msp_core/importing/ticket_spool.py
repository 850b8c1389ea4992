"""Canonical tickets on their way to the file: kept on disk, of each id the newest, in order."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self

from msp_core.importing.report import Place

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Entry:
    created_at: str
    updated_at: str
    source: str
    offset: int
    place: Place | None
    duplicate_of: str | None


class TicketSpool:
    """Takes records in any order and gives them oldest first, with memory for their ids only.

    The file has no name and vanishes with the process: what is not masked yet never lies in a
    folder.
    """

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115
        self._entries: dict[str, _Entry] = {}
        self._id_of_source: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(
        self, record: Record, *, source: str, place: Place | None, duplicate_of: str | None = None
    ) -> str | None:
        """Take a record.

        Args:
            source: what it is in its desk; two records with one id and one source are versions.
            place: where it was read; None for a ticket of the folder that is added to.
            duplicate_of: source of the ticket it repeats.

        Returns:
            None, or why one of two records was left out (this one, or the older version).
        """
        ticket_id: str = record["ticket_id"]
        # Its date of creation may differ between the versions, and our id holds that date.
        known_as = self._id_of_source.get(source, ticket_id)
        before = self._entries.get(ticket_id) or self._entries.get(known_as)
        if before is not None and before.place is not None:
            where = f"{before.place.file}:{before.place.line}"
            if before.source != source:
                return f"its id {ticket_id} is that of another ticket ({where})"
            if before.updated_at >= record["updated_at"]:
                return f"the ticket stands there already, as new or newer ({where})"
        self._entries.pop(known_as, None)
        self._file.seek(0, 2)
        offset = self._file.tell()
        self._file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        self._entries[ticket_id] = _Entry(
            record["created_at"], record["updated_at"], source, offset, place, duplicate_of
        )
        self._id_of_source[source] = ticket_id
        if before is not None and before.place is not None:
            return f"an older version of it ({before.place.file}:{before.place.line}) was left out"
        return None

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def imported(self) -> int:
        """How many of them are of this import."""
        return sum(entry.place is not None for entry in self._entries.values())

    def records(self) -> Iterator[tuple[Record, bool]]:
        """(record, whether it came from this import), by time of creation, then id."""
        for ticket_id, entry in sorted(
            self._entries.items(), key=lambda item: (item[1].created_at, item[0])
        ):
            self._file.seek(entry.offset)
            record: Record = json.loads(self._file.readline())
            if entry.duplicate_of is not None:
                record["duplicate_of"] = self._original(ticket_id, entry, record["customer_id"])
            yield record, entry.place is not None

    def _original(self, ticket_id: str, entry: _Entry, customer_id: str) -> str | None:
        """The first ticket of the chain that this one repeats, if it is older."""
        found, steps = self._id_of_source.get(entry.duplicate_of or ""), 0
        while found is not None and steps < 100:
            further = self._entries[found].duplicate_of
            onward = self._id_of_source.get(further) if further else None
            if onward is None:
                break
            found, steps = onward, steps + 1
        if found is None or found == ticket_id:
            return None
        older = (self._entries[found].created_at, found) < (entry.created_at, ticket_id)
        return found if older and self._customer_of(found) == customer_id else None

    def _customer_of(self, ticket_id: str) -> str:
        at = self._file.tell()
        self._file.seek(self._entries[ticket_id].offset)
        record: Record = json.loads(self._file.readline())
        self._file.seek(at)
        return str(record["customer_id"])
