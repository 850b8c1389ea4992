"""The searches that the retrieval suite compares, over one corpus."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from eval.retrieval_set import Query, RetrievalSet
from msp_core.bootstrap import Services
from msp_core.bootstrap.knowledge import scratch_tiers
from msp_core.errors import DependencyFailed
from msp_core.knowledge.article import Quarantined
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.index import KnowledgeIndex
from msp_core.knowledge.ingestion import IngestReport, ingest
from msp_core.knowledge.ranking import System
from msp_core.knowledge.remembering import RememberingEmbedder
from msp_core.knowledge.retriever import Retrieval, Retriever, searched_text
from msp_core.knowledge.tiering.run import choose_hot
from msp_core.knowledge.tiers import Tiers
from msp_core.scope import Role, Scope

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
BY_WORDS_ALONE: frozenset[SystemName] = frozenset({"bm25"})
HOT_SHARE = 0.1
_USES_PER_DOCUMENT = 3
_SEEN_WITHIN_S = 120.0
_LOOKED_EVERY_S = 0.2

OpenTiers = Callable[[], AbstractContextManager[Tiers]]
"""Opens empty tiers, and drops them at the end."""


def tiers_beside(services: Services) -> OpenTiers:
    """Opens them where the services keep the desk's own."""
    return partial(scratch_tiers, services.settings, services.embedder)


@dataclass(frozen=True)
class Size:
    """How many chunks lie in the indexes that a system asks."""

    hot: int = 0
    cold: int = 0


@dataclass(frozen=True)
class Systems:
    """The systems over one corpus.

    Attributes:
        searches: a retriever, and how it is to score, by system.
        sizes: by system.
        quarantined: documents that could not be indexed.
    """

    searches: Mapping[SystemName, tuple[Retriever, System]]
    sizes: dict[SystemName, Size]
    quarantined: tuple[Quarantined, ...]


@contextmanager
def open_systems(
    data: RetrievalSet,
    embedder: Embedder,
    open_tiers: OpenTiers,
    systems: Sequence[SystemName],
    *,
    hot_share: float,
    seed: int,
) -> Iterator[Systems]:
    """The systems over the set's corpus, which is indexed first.

    The hot tier holds what a seeded log of uses makes hot: popular documents, drawn without a look
    at the queries.

    Args:
        data: its documents are indexed; of its queries the texts are embedded, no more.
        embedder: of documents and queries.
        open_tiers: called once for `ONE_INDEX`, and once for the others.
        systems: which are wanted.
        hot_share: of the chunks, 0 to 1.
        seed: of the log.
    """
    remembering = RememberingEmbedder(embedder)
    # In one go: packed, they take a third of the time.
    remembering.embed([asked_text(query) for query in data.queries], purpose="query")
    searches: dict[SystemName, tuple[Retriever, System]] = {}
    sizes: dict[SystemName, Size] = {}
    quarantined: tuple[Quarantined, ...] = ()
    with ExitStack() as opened:
        if set(systems) & set(ONE_INDEX):
            one = opened.enter_context(open_tiers())
            report = ingest(data.documents, one, remembering)
            quarantined = report.quarantined
            wait_until_seen(one.hot, report.chunks)
            whole = Retriever(one, remembering, mode="hot")
            searches |= {
                "bm25": (whole, "bm25"),
                "dense": (whole, "dense"),
                "fused": (whole, "fused"),
            }
            sizes |= dict.fromkeys(ONE_INDEX, Size(hot=report.chunks))
        if set(systems) - set(ONE_INDEX):
            two = opened.enter_context(open_tiers())
            report, hot = _ingest_hot_share(data, two, remembering, hot_share, seed)
            quarantined = report.quarantined
            searches |= {
                "hot": (Retriever(two, remembering, mode="hot"), "fused"),
                "cold": (Retriever(two, remembering, mode="cold"), "fused"),
                "two_tiers": (Retriever(two, remembering), "fused"),
            }
            sizes |= {
                "hot": Size(hot=hot),
                "cold": Size(cold=report.chunks),
                "two_tiers": Size(hot=hot, cold=report.chunks),
            }
        yield Systems(
            {name: searches[name] for name in systems},
            {name: sizes[name] for name in systems},
            quarantined,
        )


def ask(
    retriever: Retriever,
    query: Query,
    customers: frozenset[str],
    *,
    k: int,
    system: System = "fused",
) -> Retrieval:
    """What a technician of the query's customer finds; without one, of all these customers.

    Raises:
        MspError: see `Retriever.search`.
    """
    own = customers if query.customer_id is None else frozenset({query.customer_id})
    return retriever.search(
        query.text,
        Scope("evaluation", Role.TECHNICIAN, own),
        k=k,
        previous_turn=query.history[-1] if query.history else None,
        exclude=query.exclude,
        system=system,
    )


def asked_text(query: Query) -> str:
    """What a search for the query looks for: its text with the user's message before."""
    return searched_text(query.text, query.history[-1] if query.history else None)[0]


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


def _ingest_hot_share(
    data: RetrievalSet, tiers: Tiers, embedder: Embedder, hot_share: float, seed: int
) -> tuple[IngestReport, int]:
    """Index the corpus with a part of it hot; the report, and how many chunks are hot."""
    heat = seeded_heat([document.document_id for document in data.documents], seed=seed)
    chosen = frozenset[str]()

    def hottest(sizes: Mapping[str, int]) -> frozenset[str]:
        nonlocal chosen
        chosen = choose_hot(sizes, heat, round(hot_share * sum(sizes.values())))
        return chosen

    report = ingest(data.documents, tiers, embedder, choose_hot=hottest)
    counted = tiers.statistics.documents()
    hot = sum(counted[id_].chunks for id_ in chosen if id_ in counted)
    wait_until_seen(tiers.hot, hot)
    wait_until_seen(tiers.cold, report.chunks)
    return report, hot


def wait_until_seen(index: KnowledgeIndex, chunks: int) -> None:
    """Wait until a search sees all that was written: services take a moment."""
    if "read_your_writes" in index.capabilities:
        return
    deadline = time.monotonic() + _SEEN_WITHIN_S
    while (seen := index.stats().chunks) < chunks:
        if time.monotonic() > deadline:
            raise DependencyFailed(
                f"Only {seen:,} of {chunks:,} chunks can be found {_SEEN_WITHIN_S:g} s after they "
                "were written. Run the evaluation again."
            )
        time.sleep(_LOOKED_EVERY_S)
