"""One search: candidates by words and by meaning, one score for both, documents in order."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.fusion import best_per_document, convex
from msp_core.knowledge.index import Chunk, Evidence, Filter, KnowledgeIndex

logger = logging.getLogger(__name__)

System = Literal["fused", "bm25", "dense"]
LEXICAL_WEIGHT: dict[System, float] = {"fused": 0.5, "bm25": 1.0, "dense": 0.0}
MIN_CANDIDATES = 50


@dataclass(frozen=True)
class Ranked:
    """A document in a ranking, by its best chunk; the score is 0 to 1."""

    chunk: Chunk
    score: float
    evidence: Evidence


def rank(
    query: str,
    wanted: Filter,
    k: int,
    *,
    index: KnowledgeIndex,
    embedder: Embedder,
    system: System,
) -> list[Ranked]:
    """The k best documents that the filter lets through, none above its successor.

    The candidates of both searches are scored anew by both measures, so that they compare.
    """
    search = _Search(query, wanted, index, embedder, system)
    return _successors_first(search.rank(wanted, max(MIN_CANDIDATES, 5 * k)), search.find, k)


class _Search:
    def __init__(
        self,
        query: str,
        wanted: Filter,
        index: KnowledgeIndex,
        embedder: Embedder,
        system: System,
    ) -> None:
        self._query = query
        self._wanted = wanted
        self._index = index
        self._vector = None if system == "bm25" else embedder.embed([query])[0]
        self._system = system

    def find(self, document_id: str) -> Ranked | None:
        """One document of those the filter lets through, by its best chunk."""
        only = replace(self._wanted, only_documents=frozenset({document_id}))
        return next(iter(self.rank(only, 10)), None)

    def rank(self, wanted: Filter, candidates: int) -> list[Ranked]:
        hits = []
        if self._system != "dense":
            hits += self._index.lexical(self._query, wanted, candidates)
        if self._vector is not None:
            hits += self._index.dense(self._vector, wanted, candidates)
        ids = {hit.chunk_id for hit in hits}
        evidence = self._index.rescore(self._query, self._vector, ids)
        chunks = {
            chunk_id: chunk
            for chunk_id, chunk in self._index.chunks(ids).items()
            if chunk_id in evidence and _allowed(chunk, wanted)
        }
        scores = convex(
            {chunk_id: evidence[chunk_id].lexical for chunk_id in chunks},
            {chunk_id: evidence[chunk_id].cosine or 0.0 for chunk_id in chunks},
            lexical_weight=LEXICAL_WEIGHT[self._system],
        )
        best = best_per_document(
            scores, {chunk_id: chunk.document_id for chunk_id, chunk in chunks.items()}
        )
        return [Ranked(chunks[chunk_id], score, evidence[chunk_id]) for chunk_id, score in best]


def _successors_first(
    ranked: list[Ranked], find: Callable[[str], Ranked | None], k: int
) -> list[Ranked]:
    """The first k, with each successor before what it replaced, at the latter's place and score."""
    by_document = {item.chunk.document_id: item for item in ranked}
    placed: dict[str, Ranked] = {}
    for item in ranked:
        if len(placed) >= k:
            break
        chain = [item]  # from an outdated document to its newest successor
        seen = {item.chunk.document_id}
        while (newer := chain[-1].chunk.superseded_by) is not None and newer not in seen:
            seen.add(newer)
            successor = placed.get(newer) or by_document.get(newer) or find(newer)
            if successor is None:
                break
            chain.append(successor)
        for member in reversed(chain):
            placed.setdefault(member.chunk.document_id, replace(member, score=item.score))
    return list(placed.values())[:k]


def _allowed(chunk: Chunk, wanted: Filter) -> bool:
    """Whether the filter lets it through; an index that returns another one is at fault."""
    if wanted.allows(chunk):
        return True
    logger.error("the index returned %s, which the filter forbids; dropped", chunk.chunk_id)
    return False
