"""Near-duplicates: texts that mean almost the same to the embedding model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from msp_core.data_check.findings import Check, Problem
from msp_core.data_check.folder import Folder, article_file
from msp_core.data_check.profile import Profile
from msp_core.knowledge.article import Article
from msp_core.tickets.ticket import Ticket

if TYPE_CHECKING:
    import numpy.typing as npt

    from msp_core.knowledge.embedding import Embedder

MOST_COMPARED = 3000
"""Tickets compared with each other; of more, the newest. A thousand take a minute to embed."""

_BLOCK = 512


@dataclass(frozen=True)
class Nearest:
    """The largest cosine of a pair that nothing links, and the pair."""

    cosine: float
    pair: tuple[str, str]

    def __str__(self) -> str:
        return f"{self.cosine:.3f} ({self.pair[0]}, {self.pair[1]})" if self.pair[0] else "-"


def ticket_text(ticket: Ticket) -> str:
    """What is compared of a ticket."""
    return f"{ticket.title}\n{ticket.description}"


def article_text(article: Article) -> str:
    """What is compared of an article; the model reads its first 256 tokens."""
    return f"{article.title}\n{article.text}"


def compared_tickets(folder: Folder) -> tuple[Ticket, ...]:
    """The tickets that are compared."""
    return tuple(sorted(folder.tickets, key=lambda t: t.created_at, reverse=True))[:MOST_COMPARED]


def check_near_duplicates(
    folder: Folder, profile: Profile, embedder: "Embedder"
) -> tuple[Check, Nearest, Nearest]:
    """Pairs of tickets and pairs of articles above the profile's cosine.

    Excepted are tickets of one outage (linked by `duplicate_of`) and articles linked by
    `variant_of`, at one remove or two.
    """
    tickets = compared_tickets(folder)
    groups = {ticket.ticket_id: ticket.duplicate_of or ticket.ticket_id for ticket in tickets}
    pairs, nearest_tickets = _pairs(
        [ticket.ticket_id for ticket in tickets],
        embedder.embed([ticket_text(ticket) for ticket in tickets]),
        groups,
        limit=profile.largest_cosine,
    )
    problems: list[Problem] = [
        profile.problem(
            "tickets.jsonl", folder.lines.get(one, 0), f"{one} and {other}: cosine {cosine:.3f}"
        )
        for one, other, cosine in pairs
    ]
    kb = folder.articles
    pairs, nearest_articles = _pairs(
        [article.article_id for article in kb],
        embedder.embed([article_text(article) for article in kb]),
        {article.article_id: article.variant_of or article.article_id for article in kb},
        limit=profile.largest_cosine,
    )
    files = {article.article_id: article_file(article) for article in kb}
    problems += [
        profile.problem(files[one], 0, f"{one} and {other}: cosine {cosine:.3f}")
        for one, other, cosine in pairs
    ]
    compared = len(tickets) + len(kb)
    return (
        Check("near-duplicates", "texts", compared, tuple(problems)),
        nearest_tickets,
        nearest_articles,
    )


def _pairs(
    ids: Sequence[str],
    vectors: "npt.NDArray[np.float32]",
    groups: dict[str, str],
    *,
    limit: float,
) -> tuple[list[tuple[str, str, float]], Nearest]:
    """(id, id, cosine) above the limit, and the nearest pair; pairs of one group left out."""
    found: list[tuple[str, str, float]] = []
    nearest = Nearest(-1.0, ("", ""))
    if len(ids) < 2:
        return found, nearest
    numbers = {name: number for number, name in enumerate(dict.fromkeys(groups[i] for i in ids))}
    group = np.array([numbers[groups[i]] for i in ids])
    for start in range(0, len(ids), _BLOCK):
        block = vectors[start : start + _BLOCK] @ vectors.T
        rows = np.arange(start, start + len(block))[:, None]
        linked = group[rows] == group[None, :]
        block[(rows >= np.arange(len(ids))[None, :]) | linked] = -1.0
        row, column = divmod(int(block.argmax()), block.shape[1])
        top = float(block[row, column])
        if top > nearest.cosine:
            nearest = Nearest(top, (ids[start + row], ids[column]))
        found += [
            (ids[start + int(r)], ids[int(c)], float(block[r, c]))
            for r, c in np.argwhere(block > limit)
        ]
    return sorted(found, key=lambda pair: -pair[2]), nearest
