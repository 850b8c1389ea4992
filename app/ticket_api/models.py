"""What the Ticket API takes and gives: request bodies, and the answers in Pascal case."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_pascal

from msp_core.scope import SLUG
from msp_core.tickets.ticket import Category, Priority, Status
from msp_core.tickets.values import MAX_NAME, MAX_TAGS, MAX_TEXT, MAX_TITLE

_VISIBLE = r"\S"
CustomerId = Annotated[str, StringConstraints(pattern=f"^{SLUG.pattern}$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TITLE, pattern=_VISIBLE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT, pattern=_VISIBLE)]
Person = Annotated[str, StringConstraints(max_length=MAX_NAME)]
TeamId = Annotated[str, StringConstraints(pattern=f"^({SLUG.pattern})?$")]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME, pattern=_VISIBLE)]
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS)]
Visibility = Literal["public", "internal"]


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


_MAY_BE_LEFT_OUT: Any = Field(default=None, json_schema_extra=_without_default)
"""A field without default: it is None when it was left out, and null is refused."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewTicket(_Body):
    """A ticket to be created."""

    title: Title
    description: Text
    priority: Priority = Priority.MEDIUM
    category: Category = Category.GENERAL
    customer_id: CustomerId = _MAY_BE_LEFT_OUT
    status: Literal[Status.OPEN, Status.IN_PROGRESS, Status.ON_HOLD] = Status.OPEN
    assigned_to: Person = _MAY_BE_LEFT_OUT
    team: TeamId = _MAY_BE_LEFT_OUT
    tags: Tags = Field(default_factory=list)
    note: Text = _MAY_BE_LEFT_OUT
    note_visibility: Visibility = _MAY_BE_LEFT_OUT


class TicketChange(_Body):
    """Changes to a ticket; an empty `assigned_to` or `team` takes it away."""

    status: Status = _MAY_BE_LEFT_OUT
    priority: Priority = _MAY_BE_LEFT_OUT
    category: Category = _MAY_BE_LEFT_OUT
    assigned_to: Person = _MAY_BE_LEFT_OUT
    team: TeamId = _MAY_BE_LEFT_OUT
    resolution: Text = _MAY_BE_LEFT_OUT
    title: Title = _MAY_BE_LEFT_OUT
    description: Text = _MAY_BE_LEFT_OUT
    tags: Tags = _MAY_BE_LEFT_OUT
    note: Text = _MAY_BE_LEFT_OUT
    note_visibility: Visibility = _MAY_BE_LEFT_OUT


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True)


class NoteAnswer(_Answer):
    """A note on a ticket."""

    id: str
    at: str
    author: str
    text: str
    visibility: Visibility


class ResolutionAnswer(_Answer):
    """What was done, and the articles that helped."""

    at: str
    text: str
    article_ids: list[str]


class SlaDue(_Answer):
    """When the targets are used up, UTC; null when the customer has no working time."""

    respond: str | None
    resolve: str | None


class TicketAnswer(_Answer):
    """A ticket. `SlaDue` is null when nothing was agreed for it."""

    ticket_id: str
    customer_id: str
    title: str
    description: str
    status: Status
    priority: Priority
    category: Category
    requester: str
    assigned_to: str | None
    team: str | None
    tags: list[str]
    created_at: str
    updated_at: str
    version: int
    sla_due: SlaDue | None
    resolution: ResolutionAnswer | None
    duplicate_of: str | None


class WholeTicketAnswer(TicketAnswer):
    """A ticket with its notes, oldest first; a customer gets the public ones."""

    notes: list[NoteAnswer]


class TicketRead(BaseModel):
    """One ticket."""

    ticket: WholeTicketAnswer


class TicketWritten(BaseModel):
    """What a create or update came to."""

    message: str
    ticket: TicketAnswer


class TicketList(BaseModel):
    """The newest tickets that match; `next_cursor` asks for those after them, null at the end."""

    tickets: list[TicketAnswer]
    next_cursor: str | None


class Message(BaseModel):
    """What was done."""

    message: str


class Health(BaseModel):
    """Whether everything works, part by part."""

    status: Literal["ok", "degraded"]
    version: str
    parts: dict[str, Literal["ok", "unavailable"]]


class ProblemField(BaseModel):
    """What is wrong with one field, parameter or header of the request."""

    field: str
    message: str


class ProblemBody(BaseModel):
    """An error as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemField]
