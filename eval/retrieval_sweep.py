"""The settings of retrieval, tried on dev: weight of words, size of chunks, number of passages."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from eval.metrics.ndcg import ndcg_at_k
from eval.metrics.recall import recall_at_k
from eval.provenance import Recording, RunContext
from eval.result import DatasetInfo, Item, Metric, Result, SuiteRun
from eval.retrieval_figures import PRIMARY, over, retrieval_metric
from eval.retrieval_set import NO_ANSWER, Query, RetrievalSet
from eval.retrieval_systems import OpenTiers, ask, asked_text, wait_until_seen
from eval.stats import Interval, mean_interval, paired_difference
from msp_core.bootstrap.knowledge import scratch_tiers
from msp_core.errors import MspError, UsageError
from msp_core.knowledge.chunking import TARGET_SIZE
from msp_core.knowledge.document import document_chunks
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.index import Chunk
from msp_core.knowledge.ranking import LEXICAL_WEIGHT
from msp_core.knowledge.remembering import RememberingEmbedder
from msp_core.knowledge.retriever import Passage, Retriever
from msp_core.knowledge.statistics.lexical_statistics import count_terms
from msp_core.knowledge.tiers import Tiers
from msp_core.settings import Settings

SUITE = "retrieval_sweep"
OVER_PRESENT = over("present")
WEIGHTS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 1.0)
CHUNK_SIZES = (65, 130, 200, 300)
KS = (1, 3, 5, 8, 10, 20)
_NDCG_DEPTH = 10
_TOGETHER = 256

Progress = Callable[[str], None]
"""Told what is searched now."""


@dataclass(frozen=True)
class Setting:
    """One point of the sweep: weight of the words' score, 0 to 1, and target size in words."""

    lexical_weight: float
    chunk_size: int

    @property
    def name(self) -> str:
        """`words=0.5,chunk=130`: the system's name in the result."""
        return f"words={self.lexical_weight:g},chunk={self.chunk_size}"


PRESENT = Setting(LEXICAL_WEIGHT["fused"], TARGET_SIZE)
"""What the assistant searches with."""


def sweep_retrieval(
    data: RetrievalSet,
    embedder: Embedder,
    *,
    context: RunContext | None = None,
    open_tiers: OpenTiers | None = None,
    weights: Sequence[float] = WEIGHTS,
    chunk_sizes: Sequence[int] = CHUNK_SIZES,
    ks: Sequence[int] = KS,
    progress: Progress | None = None,
) -> SuiteRun:
    """Search one index that holds everything with every weight and chunk size; `PRESENT` is added.

    Args:
        data: of any split but `test`.
        embedder: of documents and queries.
        context: settings to record, and the seed.
        open_tiers: default: embedded, in a temporary folder.
        weights: of the words' score in the fused one, 0 to 1.
        chunk_sizes: target sizes in words, 1 or more.
        ks: numbers of passages, 1 to 100.
        progress: told what is searched now.

    Returns:
        nDCG@10 of every setting, and its paired difference to the present one; at the present
        weight, for each chunk size and k: recall@k, and `words@k`, the mean length of the k
        passages, which is what a prompt has to carry for it.

    Raises:
        UsageError: the split is `test`: what is chosen on it can no longer be measured on it.
    """
    if data.split == "test":
        raise UsageError(
            f"The sweep is for choosing, and {data.name} was to be searched on its split `test`, "
            "which is for measuring what was chosen. Name another one with --split."
        )
    context = context or RunContext()
    recording = Recording(context, models={"embedder": embedder.model_id})
    opened = open_tiers or partial(scratch_tiers, Settings(), embedder)
    remembering = RememberingEmbedder(embedder)
    queries = [query for query in data.queries if query.kind != NO_ANSWER]
    remembering.embed([asked_text(query) for query in queries], purpose="query")
    items: list[Item] = []
    for chunk_size in sorted({*chunk_sizes, PRESENT.chunk_size}):
        with opened() as tiers:
            if progress is not None:
                progress(f"chunks of {chunk_size} words")
            _fill(tiers, data, remembering, chunk_size)
            for weight in sorted({*weights, PRESENT.lexical_weight}):
                retriever = Retriever(tiers, remembering, mode="hot", lexical_weight=weight)
                setting = Setting(weight, chunk_size)
                items += [_item(retriever, query, data, setting, ks) for query in queries]
    metrics = list(_metrics(items, ks, seed=context.seed))
    return SuiteRun(
        Result(
            suite=SUITE,
            dataset=DatasetInfo(data.name, data.split, data.sha256, len(queries)),
            provenance=recording.finish(),
            metrics=tuple(metrics),
            notes=(_best(metrics),),
        ),
        items,
    )


def _fill(tiers: Tiers, data: RetrievalSet, embedder: Embedder, chunk_size: int) -> None:
    """Store the corpus, cut at this size, in the hot index and the statistics."""
    batch: list[Chunk] = []
    for number, document in enumerate(data.documents, start=1):
        batch += document_chunks(document, target_size=chunk_size)
        if len(batch) >= _TOGETHER or number == len(data.documents):
            tiers.hot.upsert(batch, embedder.embed([chunk.searchable for chunk in batch]))
            tiers.statistics.replace(count_terms(batch))
            batch = []
    wait_until_seen(tiers.hot, tiers.statistics.look_up(()).chunks)


def _item(
    retriever: Retriever, query: Query, data: RetrievalSet, setting: Setting, ks: Sequence[int]
) -> Item:
    passages: tuple[Passage, ...] = ()
    error = None
    try:
        passages = ask(retriever, query, data.customers, k=max(_NDCG_DEPTH, *ks)).passages
    except MspError as problem:
        error = str(problem)
    ranking = [passage.document_id for passage in passages]
    grades = data.qrels.get(query.query_id, {})
    scores = {PRIMARY: ndcg_at_k(grades, ranking, _NDCG_DEPTH)}
    for k in ks:
        scores[f"recall@{k}"] = recall_at_k(grades, ranking, k)
        scores[f"words@{k}"] = float(sum(len(row.text.split()) for row in passages[:k]))
    return Item(
        id=query.query_id,
        system=setting.name,
        group=query.customer_id or f"query {query.query_id}",
        status="failed" if error else "ok",
        scores=scores,
        slices={"words": f"{setting.lexical_weight:g}", "chunk": str(setting.chunk_size)},
        error=error,
    )


def _metrics(items: Sequence[Item], ks: Sequence[int], *, seed: int) -> Iterator[Metric]:
    own: dict[str, list[Item]] = {}
    for item in items:
        own.setdefault(item.system, []).append(item)
    present = [item.scores[PRIMARY] for item in own[PRESENT.name]]
    for system, found in own.items():
        groups = [item.group for item in found]
        values = [item.scores[PRIMARY] for item in found]
        yield _metric(PRIMARY, system, mean_interval(values, groups, seed=seed), found)
        if system != PRESENT.name:
            difference = paired_difference(present, values, groups, seed=seed)
            yield _metric(OVER_PRESENT, system, difference, found)
        if found[0].slices["words"] != f"{PRESENT.lexical_weight:g}":
            continue
        for name in (f"{what}@{k}" for k in ks for what in ("recall", "words")):
            interval = mean_interval([item.scores[name] for item in found], groups, seed=seed)
            yield _metric(name, system, interval, found)


def _metric(name: str, system: str, interval: Interval, items: Sequence[Item]) -> Metric:
    if not name.startswith("words@"):
        return retrieval_metric(name, system, "all", interval, items)
    length = retrieval_metric(name, system, "all", interval, items, unit="words")
    return replace(length, higher_is_better=False)


def _best(metrics: Sequence[Metric]) -> str:
    differences = [metric for metric in metrics if metric.name == OVER_PRESENT]
    best = max(differences, key=lambda metric: metric.value, default=None)
    if best is None or best.value <= 0:
        return f"No setting is better than the present one, {PRESENT.name}."
    interval = "" if best.low is None else f", 95% interval {best.low:+.3f} to {best.high:+.3f}"
    return (
        f"The best setting is {best.system}: {best.value:+.3f} over the present one, "
        f"{PRESENT.name}{interval}. It is the best of {len(differences) + 1}, so this flatters it."
    )
