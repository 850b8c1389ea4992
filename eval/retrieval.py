"""The retrieval suite: how well each system finds what was judged to answer a query."""

import re
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from eval.metrics.average_precision import average_precision
from eval.metrics.ndcg import ndcg_at_k
from eval.metrics.recall import recall_at_k
from eval.metrics.reciprocal_rank import reciprocal_rank
from eval.metrics.unjudged import unjudged_at_k
from eval.provenance import Recording, RunContext
from eval.result import DatasetInfo, Item, Metric, Result, SuiteRun, count_status
from eval.retrieval_set import NO_ANSWER, Grades, Query, RetrievalSet
from eval.retrieval_systems import DIFFERENCES, HOT_SHARE, ONE_INDEX, SystemName, make_systems
from eval.stats import Interval, mean_interval, paired_difference
from msp_core.errors import MspError
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.ranking import System
from msp_core.knowledge.retriever import MAX_K, Passage, Retriever
from msp_core.scope import Role, Scope

SUITE = "retrieval"
PRIMARY = "ndcg@10"
DEPTH = MAX_K
"""How deep a ranking is looked at, by MRR and MAP and in the TREC runs."""
ANSWERING_COSINE = 0.35
"""A best passage below this similarity is shown to nobody as an answer."""
SHOWN = 10

Progress = Callable[[int, int], None]
"""Called with (searches done, searches in all)."""
_Ranking = Sequence[str]

METRICS: Mapping[str, Callable[[Grades, _Ranking], float]] = {
    "ndcg@10": lambda grades, ranking: ndcg_at_k(grades, ranking, 10),
    "recall@5": lambda grades, ranking: recall_at_k(grades, ranking, 5),
    "recall@10": lambda grades, ranking: recall_at_k(grades, ranking, 10),
    "mrr": reciprocal_rank,
    "map": average_precision,
    "unjudged@10": lambda grades, ranking: unjudged_at_k(grades, ranking, 10),
}
ANSWERED = "answered_rate"
LOWER_IS_BETTER = frozenset({"unjudged@10", ANSWERED})


def evaluate_retrieval(
    data: RetrievalSet,
    embedder: Embedder,
    *,
    context: RunContext | None = None,
    systems: Sequence[SystemName] = ONE_INDEX,
    hot_share: float = HOT_SHARE,
    progress: Progress | None = None,
) -> SuiteRun:
    """Index the documents in a temporary folder, ask every query of every system, and score.

    Each query is asked as a technician of its customer (one without customer as the whole desk),
    with the user's previous message, and never finds what it excludes. Every judged query counts;
    one that a system fails on counts with the worst value. The `answered_rate` is the share of
    no-answer queries for which a system would still offer a passage: one with a common word and,
    where vectors are compared, a similarity of at least `ANSWERING_COSINE`.

    Returns:
        Figures over all queries and by type, with intervals over customers (over queries where
        none is named), and `ndcg@10_vs_<system>` for the pairs of `DIFFERENCES`, paired by query;
        TREC runs in `files`.

    Raises:
        MspError: the embedding model is missing or damaged.
    """
    context = context or RunContext()
    recording = Recording(context, models={"embedder": embedder.model_id})
    customers = frozenset(
        owner
        for owner in (
            *(document.customer_id for document in data.documents),
            *(query.customer_id for query in data.queries),
        )
        if owner is not None
    )
    items: list[Item] = []
    runs: dict[str, list[str]] = {system: [] for system in systems}
    with tempfile.TemporaryDirectory(prefix="msp-eval-", ignore_cleanup_errors=True) as folder:
        made = make_systems(
            data, embedder, Path(folder), systems, hot_share=hot_share, seed=context.seed
        )
        for number, query in enumerate(data.queries):
            scope = _scope(query, customers)
            for system in systems:
                item, passages = _ask(*made[system], query, scope, system, data.qrels)
                items.append(item)
                runs[system] += _trec_lines(query.query_id, passages, system)
            if progress is not None:
                progress((number + 1) * len(systems), len(data.queries) * len(systems))
    return SuiteRun(
        Result(
            suite=SUITE,
            dataset=DatasetInfo(data.name, data.split, data.sha256, len(data.queries)),
            provenance=recording.finish(),
            metrics=tuple(_metrics(items, systems, context.seed)),
        ),
        items,
        {f"runs/{system}.trec": "".join(lines) for system, lines in runs.items()},
    )


def _scope(query: Query, customers: frozenset[str]) -> Scope:
    own = customers if query.customer_id is None else frozenset({query.customer_id})
    return Scope("evaluation", Role.TECHNICIAN, own)


def _ask(
    retriever: Retriever,
    scoring: System,
    query: Query,
    scope: Scope,
    system: SystemName,
    qrels: Mapping[str, Grades],
) -> tuple[Item, tuple[Passage, ...]]:
    passages: tuple[Passage, ...] = ()
    error = None
    start = time.perf_counter()
    try:
        passages = retriever.search(
            query.text,
            scope,
            k=DEPTH,
            previous_turn=query.history[-1] if query.history else None,
            exclude=query.exclude,
            system=scoring,
        ).passages
    except MspError as problem:
        error = str(problem)
    latency_ms = (time.perf_counter() - start) * 1000
    grades = qrels.get(query.query_id, {})
    ranking = [passage.document_id for passage in passages]
    if query.kind == NO_ANSWER:
        scores = {ANSWERED: 1.0 if error else float(_offers_answer(passages))}
    elif error:
        scores = {name: float(name in LOWER_IS_BETTER) for name in METRICS}
    else:
        scores = {name: metric(grades, ranking) for name, metric in METRICS.items()}
    relevant = sorted((id_ for id_, grade in grades.items() if grade > 0), key=lambda i: -grades[i])
    item = Item(
        id=query.query_id,
        system=system,
        # Only a customer's name groups queries; one without stands for itself.
        group=query.customer_id or f"query {query.query_id}",
        status="failed" if error else "ok",
        scores=scores,
        slices={} if query.kind is None else {"type": query.kind},
        raw={"query": query.text, "found": ranking[:SHOWN], "relevant": relevant[:SHOWN]},
        latency_ms=None if error else round(latency_ms, 3),
        error=error,
    )
    return item, passages


def _offers_answer(passages: Sequence[Passage]) -> bool:
    if not passages:
        return False
    cosine = passages[0].why["cosine"]
    return cosine is None or cosine >= ANSWERING_COSINE


def _metrics(items: Sequence[Item], systems: Sequence[str], seed: int) -> Iterable[Metric]:
    kinds = sorted({item.slices["type"] for item in items if "type" in item.slices})
    for system in systems:
        own = [item for item in items if item.system == system]
        for name in (*METRICS, ANSWERED):
            yield from _figure(name, system, "all", own, seed)
            for kind in kinds:
                of_kind = [item for item in own if item.slices.get("type") == kind]
                yield from _figure(name, system, f"type={kind}", of_kind, seed)
    yield from _differences(items, systems, seed)


def _figure(
    name: str, system: str, slice_: str, items: Sequence[Item], seed: int
) -> Iterable[Metric]:
    scored = [item for item in items if name in item.scores]
    if not scored:
        return
    interval = mean_interval(
        [item.scores[name] for item in scored], [item.group for item in scored], seed=seed
    )
    yield _metric(name, system, slice_, interval, scored)


def _differences(items: Sequence[Item], systems: Sequence[str], seed: int) -> Iterable[Metric]:
    scored = {
        system: [item for item in items if item.system == system and PRIMARY in item.scores]
        for system in systems
    }
    for new, old in DIFFERENCES:
        if not (scored.get(new) and scored.get(old)):
            continue
        interval = paired_difference(
            [item.scores[PRIMARY] for item in scored[old]],
            [item.scores[PRIMARY] for item in scored[new]],
            [item.group for item in scored[new]],
            seed=seed,
        )
        yield _metric(f"{PRIMARY}_vs_{old}", new, "all", interval, scored[new])


def _metric(
    name: str, system: str, slice_: str, interval: Interval, items: Sequence[Item]
) -> Metric:
    n_scored, n_failed, n_refused = count_status(items)
    return Metric(
        name=name,
        system=system,
        slice=slice_,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        unit="ratio",
        higher_is_better=name not in LOWER_IS_BETTER,
        n_scored=n_scored,
        n_failed=n_failed,
        n_refused=n_refused,
        kind="live",
    )


def _trec_lines(query_id: str, passages: Iterable[Passage], system: str) -> list[str]:
    # The format has no quoting: white space within an id is percent-encoded. Readers sort by the
    # score and break ties their own way, so it is 1 / rank: they see the order that was scored.
    def word(text: str) -> str:
        return re.sub(r"\s", lambda match: quote(match[0]), text)

    return [
        f"{word(query_id)} Q0 {word(passage.document_id)} {rank} {1 / rank:.6f} {system}\n"
        for rank, passage in enumerate(passages, start=1)
    ]
