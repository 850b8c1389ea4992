"""What a ticket is, and which changes of it are legal."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from msp_core.errors import InvalidInput


class Status(StrEnum):
    """Where a ticket stands."""

    OPEN = "Open"
    IN_PROGRESS = "In Progress"
    ON_HOLD = "On Hold"
    RESOLVED = "Resolved"
    CLOSED = "Closed"


class Priority(StrEnum):
    """How urgent it is, lowest first."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"
    CRITICAL = "Critical"


class Category(StrEnum):
    """What kind of problem it is."""

    NETWORK = "Network"
    HARDWARE = "Hardware"
    SOFTWARE = "Software"
    SECURITY = "Security"
    GENERAL = "General"


Visibility = Literal["public", "internal"]

SYSTEM = "system"
"""The actor of changes that no person made."""
ESCALATED = "escalated"
"""The history field that says which SLA clock was escalated."""
_INTERNAL = frozenset({"assigned_to", ESCALATED})
_STATUSES = frozenset(status.value for status in Status)

DONE = frozenset({Status.RESOLVED, Status.CLOSED})
_ACTIVE_MOVES = {Status.OPEN, Status.IN_PROGRESS, Status.ON_HOLD, Status.RESOLVED, Status.CLOSED}
LEGAL_MOVES: dict[Status, frozenset[Status]] = {
    Status.OPEN: frozenset(_ACTIVE_MOVES - {Status.OPEN}),
    Status.IN_PROGRESS: frozenset(_ACTIVE_MOVES - {Status.IN_PROGRESS}),
    Status.ON_HOLD: frozenset(_ACTIVE_MOVES - {Status.ON_HOLD}),
    Status.RESOLVED: frozenset({Status.CLOSED, Status.OPEN, Status.IN_PROGRESS}),
    Status.CLOSED: frozenset({Status.OPEN, Status.IN_PROGRESS}),
}
"""From each status, the statuses it may move to; out of Resolved and Closed that is a reopening."""


@dataclass(frozen=True)
class Note:
    """A remark on a ticket; internal ones are never shown to a customer."""

    id: str
    at: datetime
    author: str
    text: str
    visibility: Visibility


@dataclass(frozen=True)
class Change:
    """One line of the append-only history."""

    at: datetime
    actor: str
    field: str
    from_: str | None
    to: str | None


@dataclass(frozen=True)
class Resolution:
    """What was wrong and done, and the articles that helped."""

    at: datetime
    text: str
    article_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attachment:
    """Name and size of a file that came with the ticket; the file itself is not kept."""

    name: str
    size: int


@dataclass(frozen=True)
class Timeline:
    """When a ticket was answered and how its status moved: what the SLA clocks need.

    Attributes:
        responded_at: the first public note, or status move, by another than the requester; None
            while there is neither. What the desk's own machinery (`SYSTEM`) does is no response.
        moves: each time the status changed and what it became, oldest first.
    """

    responded_at: datetime | None = None
    moves: tuple[tuple[datetime, Status], ...] = ()


@dataclass(frozen=True, kw_only=True)
class TicketFields:
    """What a ticket is, apart from what was written on it. `version` counts its writes, from 1."""

    ticket_id: str
    customer_id: str
    title: str
    description: str
    status: Status
    priority: Priority
    category: Category
    created_at: datetime
    updated_at: datetime
    requester: str
    assigned_to: str | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()
    resolution: Resolution | None = None
    duplicate_of: str | None = None
    attachments: tuple[Attachment, ...] = ()
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class TicketRow(TicketFields):
    """A ticket as lists give it: without notes and history, which can be long."""

    timeline: Timeline = Timeline()

    def whole(self, notes: tuple[Note, ...], history: tuple[Change, ...]) -> "Ticket":
        """The ticket of this row."""
        shared = {field.name: getattr(self, field.name) for field in fields(TicketFields)}
        return Ticket(**shared, notes=notes, history=history)

    def for_customer(self) -> "TicketRow":
        """What the customer may see of it: no assignee."""
        return replace(self, assigned_to=None)


@dataclass(frozen=True, kw_only=True)
class Ticket(TicketFields):
    """A whole support ticket. Notes and history only ever grow."""

    notes: tuple[Note, ...] = ()
    history: tuple[Change, ...] = ()

    @property
    def timeline(self) -> Timeline:
        """What the SLA clocks need, out of notes and history."""
        answers = [
            note.at
            for note in self.notes
            if note.visibility == "public" and note.author not in {self.requester, SYSTEM}
        ]
        moves = [line for line in self.history if line.field == "status" and line.to in _STATUSES]
        answers += [
            line.at
            for line in moves
            if line.from_ is not None and line.actor not in {self.requester, SYSTEM}
        ]
        return Timeline(
            responded_at=min(answers, default=None),
            moves=tuple((line.at, Status(line.to)) for line in moves if line.to is not None),
        )

    def row(self) -> TicketRow:
        """The ticket as lists give it."""
        shared = {field.name: getattr(self, field.name) for field in fields(TicketFields)}
        return TicketRow(**shared, timeline=self.timeline)

    def changed(
        self, *, at: datetime, actor: str, note: Note | None = None, **values: object
    ) -> "Ticket":
        """This ticket with `values` set, each real change in the history, and the next version.

        Args:
            note: one more note, part of the same change.

        Returns:
            The ticket itself when nothing differs.

        Raises:
            InvalidInput: an illegal status move.
        """
        different = {name: value for name, value in values.items() if getattr(self, name) != value}
        if not different and note is None:
            return self
        if "status" in different:
            check_move(self.status, Status(str(different["status"])))
        lines = tuple(
            Change(
                at=at, actor=actor, field=name, from_=_shown(getattr(self, name)), to=_shown(value)
            )
            for name, value in different.items()
        )
        return replace(
            self,
            **different,  # type: ignore[arg-type]  # the desk passes fields of this class
            updated_at=max(at, self.updated_at),  # a clock can be set back
            notes=self.notes if note is None else (*self.notes, note),
            history=self.history + lines,
            version=self.version + 1,
        )

    def escalated(
        self,
        clocks: Sequence[str],
        *,
        at: datetime,
        actor: str,
        priority: Priority,
        team: str | None,
    ) -> "Ticket":
        """This ticket with a line in the history for each SLA clock, and what that leads to."""
        marks = tuple(Change(at=at, actor=actor, field=ESCALATED, from_=None, to=c) for c in clocks)
        marked = replace(self, history=self.history + marks)
        changed = marked.changed(at=at, actor=actor, priority=priority, team=team)
        return replace(changed, updated_at=max(at, self.updated_at), version=self.version + 1)

    @property
    def escalated_clocks(self) -> frozenset[str]:
        """The SLA clocks that were escalated before."""
        return frozenset(
            line.to for line in self.history if line.field == ESCALATED and line.to is not None
        )

    def continuing(self, stored: "Ticket") -> "Ticket":
        """This ticket with the notes and history that are stored, and its own after those."""
        return replace(
            self,
            notes=stored.notes + self.notes[len(stored.notes) :],
            history=stored.history + self.history[len(stored.history) :],
        )

    def for_customer(self) -> "Ticket":
        """What the customer may see: no internal note, no assignee, no trace of either."""
        return replace(
            self,
            assigned_to=None,
            notes=tuple(note for note in self.notes if note.visibility == "public"),
            history=tuple(change for change in self.history if change.field not in _INTERNAL),
        )


def check_move(before: Status, after: Status) -> None:
    """Pass when a ticket may go from one status to the other.

    Raises:
        InvalidInput: the move is not in `LEGAL_MOVES`.
    """
    if after not in LEGAL_MOVES[before]:
        legal = ", ".join(status for status in Status if status in LEGAL_MOVES[before])
        raise InvalidInput(
            f"A ticket that is {before} cannot become {after}. From here it can become: {legal}.",
            field="status",
        )


def _shown(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Resolution):
        return value.text
    return str(value)
