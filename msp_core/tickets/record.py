"""Tickets as JSON: the canonical record of files and stores, checked when it is read."""

import json
from dataclasses import fields
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from msp_core.clock import to_iso
from msp_core.errors import InvalidInput
from msp_core.scope import SLUG
from msp_core.tickets.ticket import (
    DONE,
    Attachment,
    Category,
    Change,
    Note,
    Priority,
    Resolution,
    Status,
    Ticket,
    TicketFields,
    TicketRow,
    Timeline,
    Visibility,
)
from msp_core.tickets.values import MAX_TEXT, MAX_TITLE, TICKET_ID, check_text


def _clean(text: str) -> str:
    try:
        return check_text(text, field="text")
    except InvalidInput as error:
        raise ValueError(str(error)) from error


MAX_ROW_BYTES = 380_000
"""DynamoDB refuses items above 400 KB; a row of any ticket written at the desk is below 200 KB."""
_ORDER = (
    "ticket_id", "customer_id", "title", "description", "status", "priority", "category",
    "created_at", "updated_at", "requester", "assigned_to", "team", "tags", "notes", "history",
    "timeline", "resolution", "duplicate_of", "attachments", "version",
)  # fmt: skip
MAX_ID = 200
Model = TypeVar("Model", bound=BaseModel)
Text = Annotated[str, AfterValidator(_clean), Field(max_length=MAX_TEXT)]
Slug = Annotated[str, Field(pattern=f"^{SLUG.pattern}$")]
TicketId = Annotated[str, Field(pattern=f"^{TICKET_ID.pattern}$")]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False, populate_by_name=True)


class _Note(_Record):
    id: Annotated[str, Field(max_length=MAX_ID)]
    at: AwareDatetime
    author: str
    text: Text
    visibility: Visibility


class _Change(_Record):
    at: AwareDatetime
    actor: str
    field: str
    from_: str | None = Field(alias="from", max_length=MAX_TEXT)
    to: str | None = Field(max_length=MAX_TEXT)


class _Resolution(_Record):
    at: AwareDatetime
    text: Text
    article_ids: list[str] = []


class _Attachment(_Record):
    name: str
    size: int = Field(ge=0)


class _Timeline(_Record):
    responded_at: AwareDatetime | None
    moves: list[tuple[AwareDatetime, Status]]


class _Fields(_Record):
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
    assigned_to: Annotated[str | None, Field(max_length=MAX_ID)] = None
    team: Slug | None = None
    tags: list[str] = []
    resolution: _Resolution | None = None
    duplicate_of: TicketId | None = None
    attachments: list[_Attachment] = []
    version: int = Field(default=1, ge=1)

    def values(self) -> dict[str, Any]:
        """What a `TicketFields` is made of."""
        found = {name: getattr(self, name) for name in _Fields.model_fields}
        found.update(
            tags=tuple(self.tags),
            attachments=tuple(Attachment(**item.model_dump()) for item in self.attachments),
        )
        if self.resolution:
            made = self.resolution
            found["resolution"] = Resolution(made.at, made.text, tuple(made.article_ids))
        return found


class _TicketRecord(_Fields):
    notes: list[_Note] = []
    history: list[_Change] = []


class _RowRecord(_Fields):
    timeline: _Timeline


def ticket_from_record(record: object) -> Ticket:
    """The ticket of a canonical record.

    Raises:
        InvalidInput: names the first field that is wrong.
    """
    row = _checked(_TicketRecord, record)
    if row.status in DONE and row.resolution is None:
        raise InvalidInput(
            f"resolution: a ticket that is {row.status} needs one", field="resolution"
        )
    if row.updated_at < row.created_at:
        raise InvalidInput("updated_at: lies before created_at", field="updated_at")
    if len({(note.at, note.id) for note in row.notes}) < len(row.notes):
        raise InvalidInput("notes: two of the same time have one id", field="notes")
    return Ticket(
        **row.values(),
        notes=tuple(Note(**note.model_dump()) for note in row.notes),
        history=tuple(Change(**change.model_dump()) for change in row.history),
    )


def row_from_record(record: object) -> TicketRow:
    """The list row of what `row_to_record` gave.

    Raises:
        InvalidInput: names the first field that is wrong.
    """
    row = _checked(_RowRecord, record)
    timeline = Timeline(row.timeline.responded_at, tuple(row.timeline.moves))
    return TicketRow(**row.values(), timeline=timeline)


def ticket_to_record(ticket: Ticket) -> dict[str, Any]:
    """The canonical record of a ticket: JSON values only, keys in canonical order."""
    record = _fields_to_record(ticket)
    written = {
        "notes": [note_to_record(note) for note in ticket.notes],
        "history": [change_to_record(change) for change in ticket.history],
    }
    return _ordered(record | written)


def row_to_record(row: TicketRow) -> dict[str, Any]:
    """A list row: the canonical record without notes and history, with its timeline."""
    moves = [[to_iso(at), str(status)] for at, status in row.timeline.moves]
    responded = row.timeline.responded_at
    timeline = {"responded_at": responded and to_iso(responded), "moves": moves}
    return _ordered(_fields_to_record(row) | {"timeline": timeline})


def note_to_record(note: Note) -> dict[str, Any]:
    """A note as JSON."""
    return {**vars(note), "at": to_iso(note.at)}


def change_to_record(change: Change) -> dict[str, Any]:
    """A line of the history as JSON."""
    return {
        "at": to_iso(change.at),
        "actor": change.actor,
        "field": change.field,
        "from": change.from_,
        "to": change.to,
    }


def note_from_record(record: object) -> Note:
    """The note of what `note_to_record` gave."""
    return Note(**_checked(_Note, record).model_dump())


def change_from_record(record: object) -> Change:
    """The line of what `change_to_record` gave."""
    return Change(**_checked(_Change, record).model_dump())


def check_size(ticket: Ticket) -> None:
    """Pass when every store can keep the ticket.

    Raises:
        InvalidInput: its list row is longer than `MAX_ROW_BYTES`.
    """
    size = len(json.dumps(row_to_record(ticket.row()), ensure_ascii=False).encode())
    if size > MAX_ROW_BYTES:
        raise InvalidInput(
            f"The ticket {ticket.ticket_id} takes {size:,} bytes without its notes; at most "
            f"{MAX_ROW_BYTES:,} are kept. Shorten its texts, or give it fewer attachments.",
            field="ticket",
        )


def _checked(model: type[Model], record: object) -> Model:
    try:
        return model.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "record"
        raise InvalidInput(f"{where}: {first['msg']}", field=where) from error


def _fields_to_record(ticket: TicketFields) -> dict[str, Any]:
    resolution = ticket.resolution
    return {
        **{field.name: getattr(ticket, field.name) for field in fields(TicketFields)},
        "status": str(ticket.status),
        "priority": str(ticket.priority),
        "category": str(ticket.category),
        "created_at": to_iso(ticket.created_at),
        "updated_at": to_iso(ticket.updated_at),
        "tags": list(ticket.tags),
        "resolution": resolution
        and {
            "at": to_iso(resolution.at),
            "text": resolution.text,
            "article_ids": list(resolution.article_ids),
        },
        "attachments": [{"name": item.name, "size": item.size} for item in ticket.attachments],
    }


def _ordered(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in _ORDER if name in record}
