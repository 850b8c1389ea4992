"""One search over both tiers: candidates, one score for all of them, documents in order."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from msp_core.errors import DependencyFailed
from msp_core.knowledge.fusion import best_per_document, convex
from msp_core.knowledge.index import Chunk, Filter, Hit, KnowledgeIndex, Record, Tier
from msp_core.knowledge.joint import Evidence, Question
from msp_core.knowledge.tiers import Deadlines, Tiers, Unavailable, ask_tiers

if TYPE_CHECKING:
    from msp_core.knowledge.index import Vector

logger = logging.getLogger(__name__)

System = Literal["fused", "bm25", "dense"]
LEXICAL_WEIGHT: dict[System, float] = {"fused": 0.5, "bm25": 1.0, "dense": 0.0}
Mode = Literal["both", "cascade", "hot", "cold"]
"""Which tiers are asked: both at once; the cold one only if the hot one has nothing close; one."""
ASKED_FIRST: dict[Mode, tuple[Tier, ...]] = {
    "both": ("hot", "cold"),
    "cascade": ("hot",),
    "hot": ("hot",),
    "cold": ("cold",),
}
MIN_CANDIDATES = 50
MIN_COLD_CANDIDATES = 100
"""By meaning, of an index that is not searched by words: twice as many make up for a part of what
only words would find (nDCG@10 of two tiers less one index, dev, 20,000 chunks, n=156: -.005 with
100, -.015 with 50, each give or take .02), and S3 Vectors gives no more in its classic mode."""
CASCADE_COSINE = 0.6
"""In the cascade, a hot chunk at least this similar makes the cold index unnecessary."""


@dataclass(frozen=True)
class Ranked:
    """A document in a ranking, by its best chunk; the score is 0 to 1."""

    chunk: Chunk
    tier: Tier
    score: float
    evidence: Evidence


@dataclass(frozen=True)
class Ranking:
    """Documents, best first, and why a tier is missing, if one is."""

    documents: list[Ranked]
    unavailable: dict[Tier, str]


@dataclass(frozen=True)
class Search:
    """One question to the tiers.

    Attributes:
        vector: of the question; None searches by words alone.
        system: `bm25` and `dense` use one of the two searches, for comparison.
        lexical_weight: of the words' score in the fused one; the rest is the vectors'.
    """

    tiers: Tiers
    question: Question
    vector: "Vector | None"
    system: System
    mode: Mode
    deadlines: Deadlines
    lexical_weight: float

    def run(self, wanted: Filter, k: int) -> Ranking:
        """The k best documents that the filter lets through, none above its successor.

        Raises:
            DependencyFailed: no tier answered.
        """
        unavailable: dict[Tier, str] = {}
        ranked = self._ranked(wanted, max(MIN_CANDIDATES, 5 * k), unavailable)

        def find(document_id: str) -> Ranked | None:
            only = replace(wanted, only_documents=frozenset({document_id}))
            try:
                return next(iter(self._ranked(only, MIN_CANDIDATES, unavailable)), None)
            except DependencyFailed:  # as if it were out of sight; `unavailable` says why
                return None

        return Ranking(_successors_first(ranked, find, k), unavailable)

    def _ranked(
        self, wanted: Filter, candidates: int, unavailable: dict[Tier, str]
    ) -> list[Ranked]:
        found = self._candidates(wanted, candidates, unavailable)
        records = {
            chunk_id: record
            for chunk_id, (record, _) in found.items()
            if _allowed(record.chunk, wanted)
        }
        evidence = self.question.evidence(records, self.vector)
        scores = convex(
            {chunk_id: evidence[chunk_id].lexical for chunk_id in records},
            {chunk_id: evidence[chunk_id].cosine or 0.0 for chunk_id in records},
            lexical_weight=self.lexical_weight,
        )
        documents = {chunk_id: record.chunk.document_id for chunk_id, record in records.items()}
        return [
            Ranked(records[chunk_id].chunk, found[chunk_id][1], score, evidence[chunk_id])
            for chunk_id, score in best_per_document(scores, documents)
        ]

    def _candidates(
        self, wanted: Filter, count: int, unavailable: dict[Tier, str]
    ) -> dict[str, tuple[Record, Tier]]:
        """The candidates of every tier that answers; those that both have count as hot."""
        asks: dict[Tier, Callable[[], Mapping[str, Record]]] = {
            "hot": lambda: self._of_index(self.tiers.hot, wanted, count),
            "cold": lambda: self._of_cold(wanted, count),
        }
        first = [tier for tier in ASKED_FIRST[self.mode] if tier not in unavailable]
        answers = ask_tiers({tier: asks[tier] for tier in first}, self.deadlines)
        cold_too = self.mode == "cascade" and "cold" not in unavailable
        if cold_too and not self._close(answers.get("hot")):
            answers |= ask_tiers({"cold": asks["cold"]}, self.deadlines)
        found: dict[Tier, Mapping[str, Record]] = {}
        for tier, answer in answers.items():
            if isinstance(answer, Unavailable):
                unavailable[tier] = answer.reason
            else:
                found[tier] = answer
        if not found:
            raise DependencyFailed(
                f"The knowledge index does not answer. {' '.join(unavailable.values())}"
            )
        return _joined(found.get("hot", {}), found.get("cold", {}))

    def _of_cold(self, wanted: Filter, count: int) -> Mapping[str, Record]:
        """Its candidates.

        Raises:
            DependencyFailed: it is empty, and documents are counted: somebody named or dropped a
                wrong index, and its silence would pass for "nothing is known".
        """
        found = self._of_index(self.tiers.cold, wanted, count)
        counted = self.question.statistics.chunks
        if not found and counted and self.tiers.cold.is_empty():
            raise DependencyFailed(
                f"It is missing or empty, and {counted:,} chunks are counted. Run "
                "`msp ingest --rebuild`; on AWS check MSP_VECTOR_BUCKET and MSP_VECTOR_INDEX first."
            )
        return found

    def _of_index(self, index: KnowledgeIndex, wanted: Filter, count: int) -> Mapping[str, Record]:
        hits: list[Hit] = []
        by_words = "lexical" in index.capabilities
        if self.system != "dense" and by_words:
            # Some words are dropped already by the counts of the whole corpus: what is left a
            # service mostly takes in one request.
            hits += index.lexical(" ".join(self.question.words.values()), wanted, count)
        if self.vector is not None:
            nearest = count if by_words else max(count, MIN_COLD_CANDIDATES)
            hits += index.dense(self.vector, wanted, nearest)
        return index.get({hit.chunk_id for hit in hits})

    def _close(self, answer: "Mapping[str, Record] | Unavailable | None") -> bool:
        if answer is None or isinstance(answer, Unavailable) or self.vector is None:
            return False
        vector = self.vector
        return any(float(record.vector @ vector) >= CASCADE_COSINE for record in answer.values())


def _joined(
    hot: Mapping[str, Record], cold: Mapping[str, Record]
) -> dict[str, tuple[Record, Tier]]:
    """Both tiers' records; of a document that they hold in two versions, the cold one's."""
    current = {record.chunk.document_id: record.chunk.content_hash for record in cold.values()}
    joined: dict[str, tuple[Record, Tier]] = {
        chunk_id: (record, "cold") for chunk_id, record in cold.items()
    }
    for chunk_id, record in hot.items():
        chunk = record.chunk
        if current.get(chunk.document_id, chunk.content_hash) == chunk.content_hash:
            joined[chunk_id] = (record, "hot")
    return joined


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
