"""What a user's own judged sets are drawn from: tickets, and documents that may answer them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from msp_core.bootstrap import CUSTOMERS_FILE
from msp_core.customers import read_customers
from msp_core.errors import InvalidInput
from msp_core.knowledge.document import Document, article_document, text_document, ticket_document
from msp_core.loading import read_data
from msp_core.tickets.store import TicketFilter
from msp_core.tickets.ticket import DONE, Ticket

if TYPE_CHECKING:
    from msp_core.bootstrap import Services
    from msp_core.knowledge.index import Chunk, KnowledgeIndex

_MOST_OF_A_CUSTOMER = 500
_ARTICLE = "article:"


@dataclass(frozen=True)
class Source:
    """Tickets and articles.

    Attributes:
        name: of the folder.
        documents: the articles, and the solved tickets that repeat no other, as their customer
            may read them.
    """

    name: str
    tickets: tuple[Ticket, ...]
    documents: tuple[Document, ...]


def folder_source(path: Path) -> Source:
    """A data folder, such as `msp data import` writes.

    Raises:
        ConfigurationError: it is no data folder.
        InvalidInput: it holds no ticket.
    """
    data = read_data(path, tuple(read_customers(path / CUSTOMERS_FILE)))
    return _source(path.resolve().name, data.tickets, map(article_document, data.articles))


def state_source(services: "Services") -> Source:
    """What is loaded in the state folder: the newest 500 tickets of each customer, all articles.

    Raises:
        InvalidInput: it holds no ticket.
    """
    tickets: list[Ticket] = []
    for customer in sorted(services.customers):
        scope = services.local_scope(customer)
        rows = services.tickets.find(scope, TicketFilter(), limit=_MOST_OF_A_CUSTOMER)
        tickets += [services.tickets.get(row.ticket_id, scope) for row in rows]
    name = services.settings.state_dir.resolve().name
    return _source(name, tuple(tickets), _indexed_articles(services.tiers.cold))


def _source(name: str, tickets: tuple[Ticket, ...], articles: Iterator[Document]) -> Source:
    if not tickets:
        raise InvalidInput(
            f"{name} holds no ticket, so there is nothing to label. Bring yours in with `msp data "
            "import`, then name that folder with --data, or load it with `msp ingest --data`."
        )
    solved = (
        ticket_document(ticket.for_customer())
        for ticket in tickets
        if ticket.status in DONE and ticket.duplicate_of is None
    )
    return Source(name, tickets, tuple(map(_as_judged, (*articles, *solved))))


def _as_judged(document: Document) -> Document:
    """The document as a judged set's reader makes it, so that pools are those of an evaluation."""
    plain = text_document(
        document.document_id,
        document.title,
        document.text,
        audience=document.parts[0].audience if document.parts else "public",
        customer_id=document.customer_id,
        category=document.category,
    )
    return replace(plain, superseded_by=document.superseded_by)


def _indexed_articles(index: "KnowledgeIndex") -> Iterator[Document]:
    """The articles of an index, put together from their chunks."""
    for document_id in sorted(index.document_hashes()):
        if not document_id.startswith(_ARTICLE):
            continue
        chunks = list(_chunks(index, document_id))
        first = chunks[0]
        text = "\n\n".join(
            f"## {chunk.heading}\n\n{chunk.text}" if chunk.heading else chunk.text
            for chunk in chunks
        )
        document = text_document(
            document_id,
            first.title,
            text,
            audience=first.audience,
            customer_id=first.customer_id,
            category=first.category,
        )
        yield replace(document, superseded_by=first.superseded_by)


def _chunks(index: "KnowledgeIndex", document_id: str) -> Iterator["Chunk"]:
    number = 0
    while True:
        chunk_id = f"{document_id}#{number:03d}"
        found = index.get([chunk_id])
        if chunk_id not in found:
            return
        yield found[chunk_id].chunk
        number += 1
