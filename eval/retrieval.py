"""The retrieval suite: how well each system finds what was judged to answer a query."""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from urllib.parse import quote

from eval.provenance import Recording, RunContext
from eval.result import DatasetInfo, Item, Result, SuiteRun
from eval.retrieval_figures import (
    ANSWERED,
    LOWER_IS_BETTER,
    METRICS,
    OF_DEEP,
    latency_metrics,
    quality_metrics,
)
from eval.retrieval_set import NO_ANSWER, Query, RetrievalSet
from eval.retrieval_systems import (
    HOT_SHARE,
    ONE_INDEX,
    OpenTiers,
    SystemName,
    Systems,
    ask,
    open_systems,
)
from eval.search_cost import cost_metrics
from msp_core.bootstrap.knowledge import scratch_tiers
from msp_core.errors import MspError
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.ranking import System
from msp_core.knowledge.retriever import MAX_K, Passage, Retrieval, Retriever
from msp_core.routing.catalog import Catalog, load_catalog
from msp_core.settings import Settings

SUITE = "retrieval"
DEPTH = 10
"""Passages of the search that is timed and scored, which draws the assistant's candidates."""
DEEP = MAX_K
"""How deep a second search goes, for MRR, MAP and the TREC runs; it draws more candidates."""
ANSWERING_COSINE = 0.35
"""A best passage below this similarity is shown to nobody as an answer."""
_NAMED = 3

Progress = Callable[[int, int], None]
"""Called with (searches done, searches in all)."""


def evaluate_retrieval(
    data: RetrievalSet,
    embedder: Embedder,
    *,
    context: RunContext | None = None,
    open_tiers: OpenTiers | None = None,
    systems: Sequence[SystemName] = ONE_INDEX,
    hot_share: float = HOT_SHARE,
    catalog: Catalog | None = None,
    embedding_model: str | None = None,
    progress: Progress | None = None,
) -> SuiteRun:
    """Index the documents in tiers of their own, ask every query of every system, and score.

    Each query is asked as a technician of its customer (one without customer as the whole desk),
    with the user's previous message, and never finds what it excludes. Every judged query counts;
    one that a system fails on counts with the worst value. The `answered_rate` is the share of
    no-answer queries for which a system would still offer a passage: one with a common word and,
    where vectors are compared, a similarity of at least `ANSWERING_COSINE`.

    Args:
        data: documents, queries and grades.
        embedder: of both.
        context: settings to record, and the seed.
        open_tiers: where the corpus is indexed; default: embedded, in a temporary folder.
        systems: which are compared.
        hot_share: of the chunks, in the systems with two tiers; 0 to 1.
        catalog: with the prices of `usd_per_1k`; default: the shipped one.
        embedding_model: of the queries in `usd_per_1k`; default: that of the default settings.
        progress: told of each query.

    Returns:
        Figures over all queries, by type and by customer, with intervals over customers (over
        queries where none is named); `ndcg@10_vs_<system>` for the pairs of `DIFFERENCES`, paired
        by query; latency, and simulated cost on AWS; TREC runs in `files`. MRR, MAP and the runs
        are of a second search, `DEEP` passages deep; the others of the first ten of the search as
        the assistant makes it.

    Raises:
        MspError: the embedding model is missing or damaged, or the tiers do not answer.
    """
    context, catalog = context or RunContext(), catalog or load_catalog()
    recording = Recording(
        context, models={"embedder": embedder.model_id}, price_date=catalog.read_on
    )
    items: list[Item] = []
    runs: dict[str, list[str]] = {system: [] for system in systems}
    with open_systems(
        data,
        embedder,
        open_tiers or partial(scratch_tiers, Settings(), embedder),
        systems,
        hot_share=hot_share,
        seed=context.seed,
    ) as made:
        for number, query in enumerate(data.queries):
            for system in systems:
                item, passages = _ask(*made.searches[system], query, system, data)
                items.append(item)
                runs[system] += _trec_lines(query.query_id, passages, system)
            if progress is not None:
                progress((number + 1) * len(systems), len(data.queries) * len(systems))
    return SuiteRun(
        Result(
            suite=SUITE,
            dataset=DatasetInfo(data.name, data.split, data.sha256, len(data.queries)),
            provenance=recording.finish(),
            metrics=(
                *quality_metrics(items, systems, seed=context.seed),
                *latency_metrics(items, systems),
                *cost_metrics(
                    data,
                    made.sizes,
                    embedder.dimension,
                    catalog,
                    embedding_model=embedding_model or Settings().bedrock_embedding_model,
                ),
            ),
            notes=tuple(_notes(made, items)),
        ),
        items,
        {f"runs/{system}.trec": "".join(lines) for system, lines in runs.items()},
    )


def _notes(made: Systems, items: Sequence[Item]) -> Iterable[str]:
    if aside := made.quarantined:
        named = "; ".join(f"{row.path}: {row.reason}" for row in aside[:_NAMED])
        yield f"{len(aside)} documents could not be indexed and are found by nobody ({named})."
    alone: dict[str, int] = {}
    for item in items:
        if item.raw["unavailable"]:
            alone[item.system] = alone.get(item.system, 0) + 1
    for system, count in alone.items():
        yield f"{count} searches of {system} were answered in part: see items.jsonl."


def _ask(
    retriever: Retriever, scoring: System, query: Query, system: SystemName, data: RetrievalSet
) -> tuple[Item, tuple[Passage, ...]]:
    """The query's item, and its deep ranking."""
    found = deep = Retrieval((), ())
    error = None
    latency_ms = 0.0
    search = partial(ask, retriever, query, data.customers, system=scoring)
    try:
        start = time.perf_counter()
        found = search(k=DEPTH)
        latency_ms = (time.perf_counter() - start) * 1000
        deep = search(k=DEEP)
    except MspError as problem:
        error = str(problem)
    grades = data.qrels.get(query.query_id, {})
    ranking = _names(found)
    if query.kind == NO_ANSWER:
        scores = {ANSWERED: 1.0 if error else float(_offers_answer(found.passages))}
    elif error:
        scores = {name: float(name in LOWER_IS_BETTER) for name in METRICS}
    else:
        scores = {
            name: metric(grades, _names(deep) if name in OF_DEEP else ranking)
            for name, metric in METRICS.items()
        }
    relevant = sorted((id_ for id_, grade in grades.items() if grade > 0), key=lambda i: -grades[i])
    item = Item(
        id=query.query_id,
        system=system,
        # Only a customer's name groups queries; one without stands for itself.
        group=query.customer_id or f"query {query.query_id}",
        status="failed" if error else "ok",
        scores=scores,
        slices={
            name: value
            for name, value in (("type", query.kind), ("customer", query.customer_id))
            if value is not None
        },
        raw={
            "query": query.text,
            "found": ranking,
            "relevant": relevant[:DEPTH],
            "unavailable": [
                notice.text for notice in found.notices if notice.code.endswith("_unavailable")
            ],
        },
        latency_ms=None if error else round(latency_ms, 3),
        error=error,
    )
    return item, deep.passages


def _names(found: Retrieval) -> list[str]:
    return [passage.document_id for passage in found.passages]


def _offers_answer(passages: Sequence[Passage]) -> bool:
    if not passages:
        return False
    cosine = passages[0].why["cosine"]
    return cosine is None or cosine >= ANSWERING_COSINE


def _trec_lines(query_id: str, passages: Iterable[Passage], system: str) -> list[str]:
    # The format has no quoting: white space within an id is percent-encoded. Readers sort by the
    # score and break ties their own way, so it is 1 / rank: they see the order that was scored.
    def word(text: str) -> str:
        return re.sub(r"\s", lambda match: quote(match[0]), text)

    return [
        f"{word(query_id)} Q0 {word(passage.document_id)} {rank} {1 / rank:.6f} {system}\n"
        for rank, passage in enumerate(passages, start=1)
    ]
