"""Rows of cells, from CSV or mapped JSON Lines, as drafts."""

import re
from collections.abc import Callable

from msp_core.errors import InvalidInput
from msp_core.importing.desk_json import text_of
from msp_core.importing.drafts import ArticleDraft, NoteDraft, Person, TicketDraft
from msp_core.importing.mail_thread import split_thread
from msp_core.importing.report import Place

Cell = Callable[[str], str]
"""The cell of one of our fields, without blanks around it; empty when there is none."""

REQUIRED = {
    "tickets": ("id", "title", "status", "created_at"),
    "articles": ("id", "title", "text", "updated"),
    "customers": ("name",),
}

# Column names as desks write them, in lower case, for each of our fields; only a header that
# stands here is recognised without a mapping file.
KNOWN_HEADERS: dict[str, dict[str, tuple[str, ...]]] = {
    kind: {
        line.partition(":")[0].strip(): tuple(
            name.strip() for name in line.partition(":")[2].split(",")
        )
        for line in lines.strip().splitlines()
    }
    for kind, lines in {
        "tickets": """
            id: id, ticket id, ticket_id, ticketid, ticket number, ticket no, ticket #, case number
            title: title, subject, summary, short description
            description: description, details, body, description text
            status: status, state
            priority: priority
            category: category
            customer: customer, company, company name, organization, organisation, client
            requester: requester email, contact email, email, user email, requester
            requester_name: requester name, full name, contact name, user, requester
            created_at: created_at, created at, created time, created, date occurred, opened
            updated_at: updated_at, updated at, last update time, updated, last updated
            resolved_at: resolved_at, resolved at, resolved, resolved time, solved at, date closed
            resolution: resolution, resolution notes, close notes
            assigned_to: assigned_to, assigned to, assignee, agent, technician
            team: team, group, assignment group
            tags: tags
            conversation: conversation, comments, thread
            internal_notes: internal notes, work notes, private notes
            attachments: attachments
        """,
        "articles": """
            id: id, article id, article_id
            title: title, subject, name
            text: text, body, content, article
            category: category
            updated: updated, updated at, updated_at, last updated, modified, date edited
            audience: audience, visibility
            tags: tags, keywords, labels
            customer: customer, company, client
        """,
        "customers": "name: name, company name, company, customer, client, organization",
    }.items()
}
_SEPARATED = re.compile(r"[;,|\n]+")
_ADDRESS = re.compile(r"[\w.+%'-]{1,64}@[\w.-]{3,255}")


def ticket_draft(place: Place, cell: Cell) -> TicketDraft:
    """The ticket of a row.

    Raises:
        InvalidInput: it has no id.
    """
    source_id = cell("id")
    if not source_id:
        raise InvalidInput(
            "id: it is empty, and without it a second import would make a second ticket"
        )
    created, name = cell("created_at"), cell("requester_name")
    requester = cell("requester") or name
    notes = [
        NoteDraft(
            at=cell("updated_at") or created,
            author=cell("assigned_to") or "unknown",
            text=cell("internal_notes"),
            internal=True,
        )
    ] if cell("internal_notes") else []  # fmt: skip
    return TicketDraft(
        place=place,
        source_id=source_id,
        title=cell("title"),
        body=text_of(cell("description")),
        status=cell("status") or None,
        priority=cell("priority") or None,
        category=cell("category") or None,
        customer=cell("customer") or None,
        requester=requester,
        created_at=created,
        updated_at=cell("updated_at") or None,
        resolved_at=cell("resolved_at") or None,
        resolution=text_of(cell("resolution")) or None,
        assigned_to=cell("assigned_to") or None,
        team=cell("team") or None,
        tags=_separated(cell("tags")),
        notes=(*_conversation(cell, created), *notes),
        attachments=tuple((name, 0) for name in _separated(cell("attachments"))),
        duplicate_of=cell("duplicate_of") or None,
        people=(Person(name, requester if _ADDRESS.fullmatch(requester) else ""),) if name else (),
    )


def article_draft(place: Place, cell: Cell) -> ArticleDraft:
    """The article of a row.

    Raises:
        InvalidInput: it has no id, or an audience that is neither public nor internal.
    """
    if not cell("id"):
        raise InvalidInput(
            "id: it is empty, and without it a second import would make a second article"
        )
    audience = cell("audience").lower()
    if audience not in {"", "public", "internal"}:
        raise InvalidInput(f"audience: {audience[:40]!r} is neither public nor internal")
    return ArticleDraft(
        place=place,
        source_id=cell("id"),
        title=cell("title"),
        text=text_of(cell("text")),
        category=cell("category") or None,
        updated_at=cell("updated"),
        public=None if not audience else audience == "public",
        tags=_separated(cell("tags")),
        customer=cell("customer") or None,
    )


def _conversation(cell: Cell, created: str) -> list[NoteDraft]:
    """The mails of a conversation cell, oldest first; their own dates are in their text."""
    mails = split_thread(text_of(cell("conversation")))
    at = cell("updated_at") or created
    found = []
    for place, mail in enumerate(reversed(mails)):
        if mail.text:
            newest = place == len(mails) - 1
            dated = f"(mail of {mail.sent})\n" if mail.sent else ""
            author = mail.author or (cell("assigned_to") if newest else "") or "unknown"
            found.append(NoteDraft(at=at, author=author, text=dated + mail.text, internal=False))
    return found


def _separated(text: str) -> tuple[str, ...]:
    return tuple(part for raw in _SEPARATED.split(text) if (part := raw.strip()))
