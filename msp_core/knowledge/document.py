"""What is indexed: articles, solved tickets and plain texts, all as documents of parts."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from msp_core.knowledge.article import Article, Audience
from msp_core.knowledge.chunking import CHUNKER, TARGET_SIZE, Span, pack, split_headings
from msp_core.knowledge.index import Chunk, ids_of_chunks
from msp_core.tickets.ticket import DONE, Ticket


@dataclass(frozen=True)
class Part:
    """A stretch of a document with one heading and one audience.

    Attributes:
        heading: stands in front of each of its chunks; may be empty.
        spans: consecutive stretches of the document's text (the turns of a ticket, say); one
            that is short enough is never cut.
    """

    heading: str
    audience: Audience
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Document:
    """Something that can be found.

    Attributes:
        document_id: `article:<id>`, `ticket:<id>`, or any id of a user's own corpus.
        text: everything, internal parts included; only its chunks carry an audience.
        customer_id: None is shared by all customers.
        superseded_by: document id of the successor.
    """

    document_id: str
    title: str
    text: str
    parts: tuple[Part, ...]
    customer_id: str | None = None
    category: str | None = None
    superseded_by: str | None = None

    @property
    def content_hash(self) -> str:
        """SHA-256 (hex) of everything that an index stores of it, and of the chunking rules."""
        content = json.dumps([CHUNKER, *astuple(self)], separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True)
class Piece:
    """One chunk of a document before it is embedded: `document.text[start:end]`."""

    heading: str
    audience: Audience
    start: int
    end: int


def pieces(document: Document, *, target_size: int = TARGET_SIZE) -> list[Piece]:
    """The document's chunks in order, at least one: a blank document is found by its title."""
    found = [
        Piece(part.heading, part.audience, start, end)
        for part in document.parts
        for start, end in pack(document.text, part.spans, target_size=target_size)
    ]
    return found or [Piece("", part.audience, 0, 0) for part in document.parts[:1]]


def document_chunks(document: Document, *, target_size: int = TARGET_SIZE) -> list[Chunk]:
    """The document's chunks as they are stored, at least one; other sizes are for comparison."""
    content_hash = document.content_hash
    cut = pieces(document, target_size=target_size)
    return [
        Chunk(
            chunk_id=chunk_id,
            document_id=document.document_id,
            title=document.title,
            heading=piece.heading,
            text=document.text[piece.start : piece.end],
            start=piece.start,
            end=piece.end,
            audience=piece.audience,
            customer_id=document.customer_id,
            category=document.category,
            superseded_by=document.superseded_by,
            content_hash=content_hash,
        )
        for chunk_id, piece in zip(ids_of_chunks(document.document_id, len(cut)), cut, strict=True)
    ]


def article_document(article: Article) -> Document:
    """An article, a part for each of its headings."""
    successor = article.superseded_by
    return Document(
        document_id=f"article:{article.article_id}",
        title=article.title,
        text=article.text,
        parts=_markdown_parts(article.text, article.audience),
        customer_id=article.customer_id,
        category=article.category.value,
        superseded_by=None if successor is None else f"article:{successor}",
    )


def ticket_document(ticket: Ticket) -> Document:
    """A ticket as knowledge: its customer's own, with internal notes apart from all the rest.

    Raises:
        ValueError: the ticket is neither Resolved nor Closed.
    """
    if ticket.status not in DONE:
        raise ValueError(
            f"{ticket.ticket_id} is {ticket.status}; only solved tickets are knowledge"
        )
    public = [note.text for note in ticket.notes if note.visibility == "public"]
    internal = [note.text for note in ticket.notes if note.visibility == "internal"]
    solution = [ticket.resolution.text] if ticket.resolution is not None else []
    groups: tuple[tuple[str, Audience, list[str]], ...] = (
        ("Request", "public", [ticket.description]),
        ("Conversation", "public", public),
        ("Resolution", "public", solution),
        ("Internal notes", "internal", internal),
    )
    text = ""
    parts = []
    for heading, audience, turns in groups:
        spans = []
        for turn in turns:
            text += "\n\n" if text else ""
            spans.append((len(text), len(text) + len(turn)))
            text += turn
        if spans:
            parts.append(Part(heading, audience, tuple(spans)))
    return Document(
        document_id=f"ticket:{ticket.ticket_id}",
        title=ticket.title,
        text=text,
        parts=tuple(parts),
        customer_id=ticket.customer_id,
        category=ticket.category.value,
    )


def knowledge_documents(articles: Iterable[Article], tickets: Iterable[Ticket]) -> list[Document]:
    """Everything that is knowledge: the articles, and those tickets that are Resolved or Closed."""
    solved = (ticket for ticket in tickets if ticket.status in DONE)
    return [*map(article_document, articles), *map(ticket_document, solved)]


def text_document(
    document_id: str,
    title: str,
    text: str,
    *,
    audience: Audience = "public",
    customer_id: str | None = None,
    category: str | None = None,
) -> Document:
    """A text of a user's own corpus, cut at its Markdown headings if it has any."""
    return Document(
        document_id=document_id,
        title=title,
        text=text,
        parts=_markdown_parts(text, audience),
        customer_id=customer_id,
        category=category,
    )


def _markdown_parts(text: str, audience: Audience) -> tuple[Part, ...]:
    sections = split_headings(text) or [("", (0, 0))]
    return tuple(Part(heading, audience, (span,)) for heading, span in sections)
