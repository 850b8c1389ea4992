"""Tickets as JSON: the canonical record of files and stores, checked when it is read."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from msp_core.clock import to_iso
from msp_core.errors import ConfigurationError, InvalidInput, MspError
from msp_core.tickets.ticket import (
    DONE,
    MAX_TEXT,
    MAX_TITLE,
    SLUG,
    TICKET_ID,
    Attachment,
    Category,
    Change,
    Note,
    Priority,
    Resolution,
    Status,
    Ticket,
    Visibility,
    check_text,
)


def _clean(text: str) -> str:
    try:
        return check_text(text, field="text")
    except InvalidInput as error:
        raise ValueError(str(error)) from error


Text = Annotated[str, AfterValidator(_clean), Field(max_length=MAX_TEXT)]
Slug = Annotated[str, Field(pattern=f"^{SLUG.pattern}$")]
TicketId = Annotated[str, Field(pattern=f"^{TICKET_ID.pattern}$")]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False, populate_by_name=True)


class _Note(_Record):
    id: str
    at: AwareDatetime
    author: str
    text: Text
    visibility: Visibility


class _Change(_Record):
    at: AwareDatetime
    actor: str
    field: str
    from_: str | None = Field(alias="from")
    to: str | None


class _Resolution(_Record):
    at: AwareDatetime
    text: Text
    article_ids: list[str] = []


class _Attachment(_Record):
    name: str
    size: int = Field(ge=0)


class _TicketRecord(_Record):
    ticket_id: TicketId
    customer_id: Slug
    title: Annotated[Text, Field(max_length=MAX_TITLE)]
    description: Text
    status: Status
    priority: Priority
    category: Category
    created_at: AwareDatetime
    updated_at: AwareDatetime
    requester: str
    assigned_to: str | None = None
    team: Slug | None = None
    tags: list[str] = []
    notes: list[_Note] = []
    history: list[_Change] = []
    resolution: _Resolution | None = None
    duplicate_of: TicketId | None = None
    attachments: list[_Attachment] = []
    version: int = Field(default=1, ge=1)


@dataclass(frozen=True)
class RejectedRow:
    """A row of a file that could not be read, and why."""

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


def ticket_from_record(record: object) -> Ticket:
    """The ticket of a canonical record.

    Raises:
        InvalidInput: names the first field that is wrong.
    """
    try:
        row = _TicketRecord.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "record"
        raise InvalidInput(f"{where}: {first['msg']}", field=where) from error
    if row.status in DONE and row.resolution is None:
        raise InvalidInput(
            f"resolution: a ticket that is {row.status} needs one", field="resolution"
        )
    if row.updated_at < row.created_at:
        raise InvalidInput("updated_at: lies before created_at", field="updated_at")
    values = {name: getattr(row, name) for name in _TicketRecord.model_fields}
    values.update(
        tags=tuple(row.tags),
        notes=tuple(Note(**note.model_dump()) for note in row.notes),
        history=tuple(Change(**change.model_dump()) for change in row.history),
        attachments=tuple(Attachment(**item.model_dump()) for item in row.attachments),
        resolution=(
            Resolution(row.resolution.at, row.resolution.text, tuple(row.resolution.article_ids))
            if row.resolution
            else None
        ),
    )
    return Ticket(**values)


def ticket_to_record(ticket: Ticket) -> dict[str, Any]:
    """The canonical record of a ticket: JSON values only, keys in canonical order."""
    return {
        "ticket_id": ticket.ticket_id,
        "customer_id": ticket.customer_id,
        "title": ticket.title,
        "description": ticket.description,
        "status": str(ticket.status),
        "priority": str(ticket.priority),
        "category": str(ticket.category),
        "created_at": to_iso(ticket.created_at),
        "updated_at": to_iso(ticket.updated_at),
        "requester": ticket.requester,
        "assigned_to": ticket.assigned_to,
        "team": ticket.team,
        "tags": list(ticket.tags),
        "notes": [
            {
                "id": note.id,
                "at": to_iso(note.at),
                "author": note.author,
                "text": note.text,
                "visibility": note.visibility,
            }
            for note in ticket.notes
        ],
        "history": [
            {
                "at": to_iso(change.at),
                "actor": change.actor,
                "field": change.field,
                "from": change.from_,
                "to": change.to,
            }
            for change in ticket.history
        ],
        "resolution": (
            {
                "at": to_iso(ticket.resolution.at),
                "text": ticket.resolution.text,
                "article_ids": list(ticket.resolution.article_ids),
            }
            if ticket.resolution
            else None
        ),
        "duplicate_of": ticket.duplicate_of,
        "attachments": [{"name": item.name, "size": item.size} for item in ticket.attachments],
        "version": ticket.version,
    }


def read_tickets(path: Path) -> tuple[list[Ticket], list[RejectedRow]]:
    """The tickets of a JSON Lines file, and the rows that could not be read.

    A byte order mark and CRLF line ends are accepted. An id that comes twice keeps its first row.

    Raises:
        ConfigurationError: no such file, or it cannot be opened.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The tickets file {path} cannot be read ({error.strerror}). Check the path."
        ) from error
    tickets: dict[str, Ticket] = {}
    rejected: list[RejectedRow] = []
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            ticket = ticket_from_record(json.loads(line.decode("utf-8")))
            if ticket.ticket_id in tickets:
                raise InvalidInput(f"ticket_id: {ticket.ticket_id} stands in the file twice")
            tickets[ticket.ticket_id] = ticket
        except UnicodeDecodeError as error:
            rejected.append(
                RejectedRow(path, number, f"not UTF-8 (byte {error.start} of the line)")
            )
        except json.JSONDecodeError as error:
            rejected.append(
                RejectedRow(path, number, f"not JSON ({error.msg}, column {error.colno})")
            )
        except MspError as error:
            rejected.append(RejectedRow(path, number, str(error)))
        except (ValueError, RecursionError):
            # A number of thousands of digits, or brackets without end.
            rejected.append(RejectedRow(path, number, "not JSON that can be read"))
    return list(tickets.values()), rejected


def tickets_to_lines(tickets: Iterable[Ticket]) -> str:
    """JSON Lines of the tickets, oldest first, as `read_tickets` reads them."""
    rows = sorted(tickets, key=lambda ticket: (ticket.created_at, ticket.ticket_id))
    return "".join(json.dumps(ticket_to_record(row), ensure_ascii=False) + "\n" for row in rows)
