"""Retrieval items from tickets: each drawn ticket is a query, each document of its pool an item."""

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.labelling.items import Drawn, Item, Section
from eval.labelling.routing_items import split_groups
from eval.labelling.source import Source
from eval.labelling.splits import assign_splits
from msp_core.bootstrap.knowledge import local_tiers
from msp_core.errors import InvalidInput
from msp_core.knowledge.document import Document
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.ingestion import Progress, ingest
from msp_core.knowledge.ranking import System
from msp_core.knowledge.retriever import Retriever
from msp_core.scope import Role, Scope
from msp_core.tickets.ticket import Ticket

SHARES: Mapping[str, float] = {"dev": 0.35, "test": 0.65}
POOL_DEPTH = 10
_Search = Callable[[str, Scope, frozenset[str], System], list[str]]


@dataclass(frozen=True)
class RetrievalDraw:
    """The items, and the files that the set is made of besides the judgements.

    Attributes:
        corpus, queries: rows of `corpus.jsonl` and `queries.jsonl`.
    """

    drawn: Drawn
    items: list[Item]
    corpus: list[dict[str, Any]]
    queries: list[dict[str, Any]]


def draw_retrieval(
    source: Source,
    embedder: Embedder,
    *,
    count: int,
    seed: int,
    progress: Progress | None = None,
) -> RetrievalDraw:
    """Tickets drawn at random as queries, each with a pool of documents to judge.

    A query is a ticket's title and description; the ticket itself and those of the same outage
    cannot be found. Its pool is the union of the ten best of BM25, of vector search, of both
    fused, and of both fused for the title alone, as a technician of that customer, in random
    order. A query with the words of an earlier one, or for which nothing is found, is left out and
    counted.

    Args:
        count: queries wanted; fewer when the tickets give no more.
        progress: of the indexing.

    Raises:
        InvalidInput: there is no document, or no query has a pool.
    """
    if not source.documents:
        raise InvalidInput(
            f"{source.name} holds no article and no solved ticket: there is nothing to find, so "
            "nothing to judge."
        )
    tickets = sorted(source.tickets, key=lambda ticket: ticket.ticket_id)
    random.Random(seed).shuffle(tickets)
    known = {document.document_id: document for document in source.documents}
    left_out: Counter[str] = Counter()
    pools: dict[str, tuple[Ticket, str, frozenset[str], list[str]]] = {}
    with tempfile.TemporaryDirectory(prefix="msp-label-", ignore_cleanup_errors=True) as folder:
        tiers = local_tiers(Path(folder), embedder)
        ingest(source.documents, tiers, embedder, progress=progress)
        search = _searcher(Retriever(tiers, embedder, mode="hot"))
        seen: set[str] = set()
        for ticket in tickets:
            if len(pools) == count:
                break
            text = f"{ticket.title}\n\n{ticket.description}".strip()
            if not text or text.casefold() in seen:
                left_out["the same text as an earlier one" if text else "without text"] += 1
                continue
            seen.add(text.casefold())
            exclude = frozenset(_same_outage(ticket, source) & known.keys())
            pool = _pool(search, ticket, text, exclude)
            if not pool:
                left_out["nothing found: an empty pool"] += 1
                continue
            random.Random(f"{seed} {ticket.ticket_id}").shuffle(pool)
            pools[ticket.ticket_id] = (ticket, text, exclude, pool)
    if not pools:
        raise InvalidInput(
            f"No search finds anything for any ticket of {source.name}: every pool is empty. Bring "
            "in the articles and solved tickets too (`msp data import`)."
        )
    items, queries = _items(source, pools, known, seed)
    drawn = Drawn(
        kind="retrieval", purpose="set", source=source.name, seed=seed, left_out=dict(left_out)
    )
    return RetrievalDraw(drawn, items, [_corpus_row(known, id_) for id_ in known], queries)


def pair_item(
    query_id: str,
    need: Section,
    document: Document,
    *,
    customer_id: str | None,
    group: str,
    row: Mapping[str, object],
) -> Item:
    """A query and a document of its pool as an item."""
    return Item(
        id=f"{query_id} {document.document_id}",
        group=group,
        heading=f"customer {customer_id}" if customer_id else "",
        sections=(need, Section(title=f"Document: {document.title}", text=document.text)),
        row={**row, "query": query_id, "document": document.document_id},
    )


_Pools = Mapping[str, tuple[Ticket, str, frozenset[str], list[str]]]


def _items(
    source: Source, pools: _Pools, known: Mapping[str, Document], seed: int
) -> tuple[list[Item], list[dict[str, Any]]]:
    groups = split_groups(source, [ticket for ticket, *_ in pools.values()])
    splits = assign_splits(groups, SHARES, seed=seed)
    items, queries = [], []
    for (query_id, (ticket, text, exclude, pool)), group in zip(pools.items(), groups, strict=True):
        queries.append(
            {
                "_id": query_id,
                "text": text,
                "history": [],
                "customer_id": ticket.customer_id,
                "type": "ticket",
                "exclude": sorted(exclude),
            }
        )
        items += [
            pair_item(
                query_id,
                Section(title="The need", text=text),
                known[document_id],
                customer_id=ticket.customer_id,
                group=group,
                row={"split": splits[group]},
            )
            for document_id in pool
        ]
    return items, queries


def _searcher(retriever: Retriever) -> _Search:
    def search(text: str, scope: Scope, exclude: frozenset[str], system: System) -> list[str]:
        found = retriever.search(text, scope, k=POOL_DEPTH, exclude=exclude, system=system)
        return [passage.document_id for passage in found.passages]

    return search


def _pool(search: _Search, ticket: Ticket, text: str, exclude: frozenset[str]) -> list[str]:
    scope = Scope("labelling", Role.TECHNICIAN, frozenset({ticket.customer_id}))
    found: dict[str, None] = {}
    systems: tuple[System, ...] = ("bm25", "dense", "fused")
    for system in systems:
        found |= dict.fromkeys(search(text, scope, exclude, system))
    if ticket.title.strip():
        found |= dict.fromkeys(search(ticket.title, scope, exclude, "fused"))
    return sorted(found)


def _same_outage(ticket: Ticket, source: Source) -> set[str]:
    first = ticket.duplicate_of or ticket.ticket_id
    others = {other.ticket_id for other in source.tickets if other.duplicate_of == first}
    return {f"ticket:{ticket_id}" for ticket_id in {first, ticket.ticket_id} | others}


def _corpus_row(known: Mapping[str, Document], document_id: str) -> dict[str, Any]:
    document = known[document_id]
    successor = document.superseded_by
    return {
        "_id": document.document_id,
        "title": document.title,
        "text": document.text,
        "metadata": {
            "customer_id": document.customer_id,
            "category": document.category,
            "audience": document.parts[0].audience if document.parts else "public",
            "superseded_by": successor if successor in known else None,
        },
    }
