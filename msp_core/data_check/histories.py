"""Histories: each line begins where the last ended, and the last ends at the ticket's value."""

from collections.abc import Iterator
from itertools import pairwise

from msp_core.data_check.findings import Check
from msp_core.data_check.folder import Folder
from msp_core.tickets.ticket import (
    DONE,
    LEGAL_MOVES,
    Change,
    Status,
    Ticket,
)

_FIELDS = ("status", "priority", "category", "team", "assigned_to", "customer_id", "title")


def check_histories(folder: Folder) -> Check:
    """Order, chains, last values, legal moves, and the resolution's place in it.

    A ticket without history is not at fault: an import may know none.
    """
    problems = [
        folder.error(ticket, reason) for ticket in folder.tickets for reason in _reasons(ticket)
    ]
    lines = sum(len(ticket.history) for ticket in folder.tickets)
    return Check("histories", "changes", lines, tuple(problems))


def _reasons(ticket: Ticket) -> Iterator[str]:
    if any(later.at < earlier.at for earlier, later in pairwise(ticket.history)):
        yield "its history is not in order of time"
    for field in _FIELDS:
        lines = [change for change in ticket.history if change.field == field]
        if lines:
            yield from _chain(ticket, field, lines)
    if ticket.status not in DONE and ticket.resolution is not None:
        yield f"it is {ticket.status} and has a resolution"
    yield from _resolution(ticket)


def _chain(ticket: Ticket, field: str, lines: list[Change]) -> Iterator[str]:
    for before, after in pairwise(lines):
        if after.from_ != before.to:
            where = f"{after.from_!r}, and the one before ended at {before.to!r}"
            yield f"{field}: a change begins at {where}"
    value = getattr(ticket, field)
    now = None if value is None else str(value)
    if lines[-1].to != now:
        yield f"{field}: it is {now!r}, and its last change ends at {lines[-1].to!r}"
    if field == "status":
        for line in lines:
            yield from _move(line)


def _move(line: Change) -> Iterator[str]:
    known = {str(status) for status in Status}
    unknown = [word for word in (line.from_, line.to) if word is not None and word not in known]
    if unknown or line.to is None:
        yield f"status: a change to {line.to!r} from {line.from_!r} names no status"
    elif line.from_ is not None and Status(line.to) not in LEGAL_MOVES[Status(line.from_)]:
        yield f"status: {line.from_} to {line.to} is no legal move"


def _resolution(ticket: Ticket) -> Iterator[str]:
    """A resolution is written when its ticket was solved for the last time."""
    solved = [
        line.at
        for line in ticket.history
        if line.field == "status" and line.to in DONE and line.from_ not in DONE
    ]
    if ticket.resolution is not None and solved and ticket.resolution.at > solved[-1]:
        yield "its resolution was written after it was solved"
