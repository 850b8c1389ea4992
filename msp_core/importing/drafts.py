"""What every format is read into before it is made canonical: plain text, the desk's own words."""

from dataclasses import dataclass
from datetime import datetime

from msp_core.importing.report import Place

Moment = datetime | str | int | None
"""A time as the source gives it: parsed, as text, or seconds since 1970."""


@dataclass(frozen=True)
class Person:
    """Someone the desk knows: needed to name authors, and to mask names."""

    name: str
    email: str


@dataclass(frozen=True)
class NoteDraft:
    """One message of a ticket; `text` may hold quoted older mails."""

    at: Moment
    author: str
    text: str
    internal: bool


@dataclass(frozen=True)
class ChangeDraft:
    """One line of the desk's own history, its values in the desk's words."""

    at: Moment
    actor: str
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class TicketDraft:
    """A ticket as its desk gives it.

    Attributes:
        status, priority, category: in the desk's words; None is not given.
        customer: the company's name.
        requester, assigned_to: a mail address, else a name.
        resolved_at: when it was solved; None leaves it to the last change.
        duplicate_of: source id of the ticket it repeats.
        links: source ids of articles that its public messages link to.
        people: whom the row itself names, for masking.
    """

    place: Place
    source_id: str
    title: str
    body: str
    status: str | None
    priority: str | None
    category: str | None
    customer: str | None
    requester: str
    created_at: Moment
    updated_at: Moment = None
    resolved_at: Moment = None
    resolution: str | None = None
    assigned_to: str | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()
    notes: tuple[NoteDraft, ...] = ()
    changes: tuple[ChangeDraft, ...] = ()
    attachments: tuple[tuple[str, int], ...] = ()
    duplicate_of: str | None = None
    links: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()


@dataclass(frozen=True)
class ArticleDraft:
    """An article as its desk gives it; `text` is Markdown already.

    Attributes:
        public: whether a customer's employee may read it; None is not said.
        customer: the one company it is for, by name.
    """

    place: Place
    source_id: str
    title: str
    text: str
    category: str | None
    updated_at: Moment
    public: bool | None
    tags: tuple[str, ...] = ()
    customer: str | None = None
