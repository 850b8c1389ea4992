"""The searches that the retrieval suite compares, over one corpus."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from eval.retrieval_set import RetrievalSet
from msp_core.bootstrap.knowledge import local_tiers
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.ingestion import ingest
from msp_core.knowledge.ranking import System
from msp_core.knowledge.remembering import RememberingEmbedder
from msp_core.knowledge.retriever import Retriever, searched_text
from msp_core.knowledge.tiering import choose_hot

SystemName = Literal["bm25", "dense", "hot", "cold", "fused", "two_tiers"]
ONE_INDEX: tuple[SystemName, ...] = ("bm25", "dense", "fused")
"""Searches of one index that holds everything: by words, by meaning, by both."""
SYSTEMS: tuple[SystemName, ...] = (*ONE_INDEX, "hot", "cold", "two_tiers")
"""And: the hot tier alone with its share of the corpus, the cold tier alone, both together."""
DIFFERENCES: tuple[tuple[SystemName, SystemName], ...] = (
    ("fused", "bm25"),
    ("fused", "dense"),
    ("two_tiers", "fused"),
)
"""(new, old): what is gained by fusing, and what is lost by having a small hot tier."""
HOT_SHARE = 0.1
_USES_PER_DOCUMENT = 3


def make_systems(
    data: RetrievalSet,
    embedder: Embedder,
    folder: Path,
    systems: Sequence[SystemName],
    *,
    hot_share: float,
    seed: int,
) -> dict[SystemName, tuple[Retriever, System]]:
    """Index the corpus in a folder; each system's retriever, and how it is to score.

    The hot tier holds what a seeded log of uses makes hot: popular documents, drawn without a look
    at the queries.

    Args:
        data: its documents are indexed, its queries are not looked at.
        embedder: of documents and queries.
        folder: empty.
        systems: which are wanted.
        hot_share: of the chunks, 0 to 1.
        seed: of the log.
    """
    remembering = RememberingEmbedder(embedder)
    # In one go: packed, they take a third of the time.
    remembering.embed(
        [
            searched_text(query.text, query.history[-1] if query.history else None)[0]
            for query in data.queries
        ]
    )
    made: dict[SystemName, tuple[Retriever, System]] = {}
    one = local_tiers(folder / "one", embedder)
    if set(systems) & set(ONE_INDEX):
        ingest(data.documents, one, remembering)
        whole = Retriever(one, remembering, mode="hot")
        made |= {"bm25": (whole, "bm25"), "dense": (whole, "dense"), "fused": (whole, "fused")}
    if set(systems) - set(ONE_INDEX):
        heat = seeded_heat([document.document_id for document in data.documents], seed=seed)
        two = local_tiers(folder / "two", embedder)

        def hottest(sizes: Mapping[str, int]) -> frozenset[str]:
            return choose_hot(sizes, heat, round(hot_share * sum(sizes.values())))

        ingest(data.documents, two, remembering, choose_hot=hottest)
        made |= {
            "hot": (Retriever(two, remembering, mode="hot"), "fused"),
            "cold": (Retriever(two, remembering, mode="cold"), "fused"),
            "two_tiers": (Retriever(two, remembering), "fused"),
        }
    return {name: made[name] for name in systems}


def seeded_heat(document_ids: Sequence[str], *, seed: int) -> dict[str, float]:
    """How hot each document is after a log of uses that fall off by Zipf's law.

    Args:
        document_ids: in any order; it does not matter.
        seed: equal seeds give equal logs.

    Returns:
        The logarithm of the uses of each document that was used.
    """
    generator = np.random.default_rng(seed)
    names = sorted(document_ids)
    if not names:
        return {}
    weights = 1 / np.arange(1, len(names) + 1)
    popular = generator.permutation(len(names))
    drawn = generator.choice(
        popular, size=_USES_PER_DOCUMENT * len(names), p=weights / weights.sum()
    )
    return {names[place]: math.log2(uses) for place, uses in Counter(drawn.tolist()).items()}
