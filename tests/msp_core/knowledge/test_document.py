from datetime import UTC, datetime

import pytest

from msp_core.knowledge.document import (
    Document,
    knowledge_documents,
    pieces,
    text_document,
    ticket_document,
)
from msp_core.tickets.ticket import (
    Category,
    Note,
    Priority,
    Resolution,
    Status,
    Ticket,
)

AT = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
TICKET = Ticket(
    ticket_id="TKT-20260304-0A1B2C3D",
    customer_id="northwind",
    title="VPN again",
    description="# drops since monday\nevery hour",
    status=Status.CLOSED,
    priority=Priority.HIGH,
    category=Category.NETWORK,
    created_at=AT,
    updated_at=AT,
    requester="a@northwind.example",
    notes=(
        Note("1", AT, "maria.s", "Which client?", "public"),
        Note("2", AT, "maria.s", "SECRET they will not pay", "internal"),
        Note("3", AT, "a", "FortiClient 7.2", "public"),
    ),
    resolution=Resolution(AT, "Lifetimes aligned to 3600 s."),
)


def shown(document: Document) -> list[tuple[str, str, str]]:
    return [
        (piece.heading, piece.audience, document.text[piece.start : piece.end])
        for piece in pieces(document)
    ]


def test_a_ticket_keeps_internal_notes_apart() -> None:
    document = ticket_document(TICKET)
    assert shown(document) == [
        ("Request", "public", "# drops since monday\nevery hour"),
        ("Conversation", "public", "Which client?\n\nFortiClient 7.2"),
        ("Resolution", "public", "Lifetimes aligned to 3600 s."),
        ("Internal notes", "internal", "SECRET they will not pay"),
    ]
    assert document.document_id == "ticket:TKT-20260304-0A1B2C3D"
    assert (document.customer_id, document.category) == ("northwind", "Network")


def test_only_solved_tickets_are_knowledge() -> None:
    waiting = Ticket(**{**TICKET.__dict__, "status": Status.ON_HOLD})
    with pytest.raises(ValueError, match="only solved"):
        ticket_document(waiting)
    assert knowledge_documents([], [waiting, TICKET]) == [ticket_document(TICKET)]


def test_a_blank_document_is_still_found_by_its_title() -> None:
    document = text_document("d1", "Only a title", "")
    assert shown(document) == [("", "public", "")]


def test_the_hash_changes_with_anything_that_is_stored() -> None:
    base = text_document("d1", "Title", "Text.")
    others = [
        text_document("d1", "Title 2", "Text."),
        text_document("d1", "Title", "Text!"),
        text_document("d1", "Title", "Text.", audience="internal"),
        text_document("d1", "Title", "Text.", customer_id="northwind"),
        text_document("d1", "Title", "Text.", category="Network"),
    ]
    assert base.content_hash == text_document("d1", "Title", "Text.").content_hash
    assert len({base.content_hash, *(other.content_hash for other in others)}) == 6
