"""What a ticket is, and which changes of it are legal."""

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from msp_core.errors import InvalidInput

MAX_TITLE = 200
MAX_TEXT = 20_000
TICKET_ID = re.compile(r"TKT-[0-9]{8}-[0-9A-F]{8}")
SLUG = re.compile(r"[a-z0-9-]{1,32}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


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
class Ticket:
    """A support ticket. `version` counts its writes, from 1."""

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
    notes: tuple[Note, ...] = ()
    history: tuple[Change, ...] = ()
    resolution: Resolution | None = None
    duplicate_of: str | None = None
    attachments: tuple[Attachment, ...] = ()
    version: int = 1

    def changed(self, *, at: datetime, actor: str, **fields: object) -> "Ticket":
        """This ticket with `fields` set, each real change in the history, and the next version.

        Returns:
            The ticket itself when nothing differs.

        Raises:
            InvalidInput: an illegal status move.
        """
        different = {name: value for name, value in fields.items() if getattr(self, name) != value}
        if not different:
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
            history=self.history + lines,
            version=self.version + 1,
        )

    def with_note(self, note: Note) -> "Ticket":
        """This ticket with one more note, and the next version."""
        return replace(
            self,
            notes=(*self.notes, note),
            updated_at=max(note.at, self.updated_at),
            version=self.version + 1,
        )

    def for_customer(self) -> "Ticket":
        """What the customer may see: no internal note, no assignee, no trace of either."""
        return replace(
            self,
            assigned_to=None,
            notes=tuple(note for note in self.notes if note.visibility == "public"),
            history=tuple(change for change in self.history if change.field != "assigned_to"),
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


def new_ticket_id(at: datetime) -> str:
    """A fresh id such as `TKT-20241202-A1B2C3D4`: the UTC date and 32 random bits."""
    return f"TKT-{at:%Y%m%d}-{secrets.token_hex(4).upper()}"


def check_text(text: str, *, field: str, limit: int = MAX_TEXT) -> str:
    """The text without surrounding white space.

    Raises:
        InvalidInput: empty, longer than `limit` characters, or with control characters or lone
            surrogates.
    """
    clean = text.strip()
    if not clean:
        raise InvalidInput(f"{field} is empty. Say what it is about.", field=field)
    if len(clean) > limit:
        raise InvalidInput(
            f"{field} has {len(clean):,} characters; at most {limit:,} are kept. Shorten it.",
            field=field,
        )
    if bad := _CONTROL.search(clean):
        raise InvalidInput(
            f"{field} holds the control character U+{ord(bad.group()):04X} at position"
            f" {bad.start()}. Remove it.",
            field=field,
        )
    return clean


def check_ticket_id(text: str) -> str:
    """The id in canonical form (upper case).

    Raises:
        InvalidInput: not of the form `TKT-YYYYMMDD-XXXXXXXX`.
    """
    wanted = text.strip().upper()
    if not TICKET_ID.fullmatch(wanted):
        raise InvalidInput(
            f"{text[:60]!r} is not a ticket id. One looks like TKT-20241202-A1B2C3D4.",
            field="ticket_id",
        )
    return wanted


def _shown(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Resolution):
        return value.text
    return str(value)
