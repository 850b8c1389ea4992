"""Retrieval labels that a ticket history brings along: the articles that resolutions cite."""

import hashlib

from eval.result import WEAK_LABELS_SPLIT
from eval.retrieval_set import Query, RetrievalSet
from msp_core.loading import DataFolder
from msp_core.tickets.ticket import Ticket


def weak_retrieval_set(data: DataFolder, name: str) -> RetrievalSet | None:
    """Every ticket with a cited article as a query; the cited articles are what it should find.

    A technician cites what they happened to use, so other good articles count as unjudged. The
    ticket itself and its duplicates cannot be found.

    Args:
        data: articles and tickets.
        name: of the data, for the result file.

    Returns:
        None when no resolution cites an article of the folder.
    """
    known = {article.article_id for article in data.articles}
    queries, qrels = [], {}
    for ticket in data.tickets:
        cited = [
            id_
            for id_ in (ticket.resolution.article_ids if ticket.resolution else ())
            if id_ in known
        ]
        if not cited:
            continue
        queries.append(
            Query(
                query_id=ticket.ticket_id,
                text=f"{ticket.title}\n{ticket.description}",
                customer_id=ticket.customer_id,
                kind="ticket",
                exclude=frozenset(f"ticket:{id_}" for id_ in _same_outage(ticket, data.tickets)),
            )
        )
        qrels[ticket.ticket_id] = {f"article:{id_}": 1 for id_ in cited}
    if not queries:
        return None
    documents = tuple(data.documents())
    digest = hashlib.sha256()
    for document in documents:
        digest.update(document.content_hash.encode())
    for query_id, grades in sorted(qrels.items()):
        digest.update(f"{query_id} {sorted(grades)}".encode())
    return RetrievalSet(
        name=name,
        split=WEAK_LABELS_SPLIT,
        sha256=digest.hexdigest(),
        documents=documents,
        queries=tuple(queries),
        qrels=qrels,
    )


def _same_outage(ticket: Ticket, tickets: tuple[Ticket, ...]) -> set[str]:
    first = ticket.duplicate_of or ticket.ticket_id
    return {first} | {other.ticket_id for other in tickets if other.duplicate_of == first}
