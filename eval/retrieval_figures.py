"""What the retrieval suite states of its items: quality by slice, differences, speed, cost."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from eval.metrics.average_precision import average_precision
from eval.metrics.ndcg import ndcg_at_k
from eval.metrics.recall import recall_at_k
from eval.metrics.reciprocal_rank import reciprocal_rank
from eval.metrics.unjudged import unjudged_at_k
from eval.result import Item, Metric, count_status
from eval.retrieval_set import Grades
from eval.retrieval_systems import DIFFERENCES, SystemName
from eval.stats import Interval, paired_difference, statistic_intervals

PRIMARY = "ndcg@10"
METRICS: Mapping[str, Callable[[Grades, Sequence[str]], float]] = {
    "ndcg@10": lambda grades, ranking: ndcg_at_k(grades, ranking, 10),
    "recall@5": lambda grades, ranking: recall_at_k(grades, ranking, 5),
    "recall@10": lambda grades, ranking: recall_at_k(grades, ranking, 10),
    "mrr": reciprocal_rank,
    "map": average_precision,
    "unjudged@10": lambda grades, ranking: unjudged_at_k(grades, ranking, 10),
}
OF_DEEP = frozenset({"mrr", "map"})
"""These look at a ranking as deep as it goes; the others at its first ten."""
ANSWERED = "answered_rate"
LATENCIES = {"latency_p50_ms": 0.5, "latency_p95_ms": 0.95}
USD_PER_1K = "usd_per_1k"
LOWER_IS_BETTER = frozenset({"unjudged@10", ANSWERED, *LATENCIES, USD_PER_1K})


def over(system: str) -> str:
    """The metric of a paired difference to a system: `ndcg@10_vs_bm25`."""
    return f"{PRIMARY}_vs_{system}"


def quality_metrics(
    items: Sequence[Item], systems: Sequence[SystemName], *, seed: int
) -> Iterator[Metric]:
    """Means with 95% intervals: of all queries, and of each type and each customer.

    Groups are resampled whole (see `mean_interval`); within a customer, its queries. The
    differences of `DIFFERENCES` are paired by query.
    """
    own = {system: [item for item in items if item.system == system] for system in systems}
    slices = ["all", *sorted({label for item in items for label in _labels(item)})]
    for system in systems:
        for slice_ in slices:
            part = _part(own[system], slice_)
            for names in (tuple(METRICS), (ANSWERED,)):
                yield from _means(names, system, slice_, part, seed)
    for new, old in DIFFERENCES:
        if new in own and old in own:
            for slice_ in slices:
                yield from _difference(
                    _part(own[old], slice_), _part(own[new], slice_), slice_, seed
                )


def latency_metrics(items: Sequence[Item], systems: Sequence[SystemName]) -> Iterator[Metric]:
    """Median and 95th percentile of a search on this machine, its embedding being at hand."""
    for system in systems:
        own = [item for item in items if item.system == system and item.latency_ms is not None]
        for name, part in LATENCIES.items() if own else ():
            value = float(np.quantile([item.latency_ms for item in own], part))
            yield retrieval_metric(name, system, "all", Interval(value, None, None), own, unit="ms")


def _labels(item: Item) -> list[str]:
    return [f"{name}={value}" for name, value in item.slices.items()]


def _part(items: Sequence[Item], slice_: str) -> list[Item]:
    return [item for item in items if slice_ == "all" or slice_ in _labels(item)]


def _groups(items: Sequence[Item], slice_: str) -> list[str]:
    return [item.id if slice_.startswith("customer=") else item.group for item in items]


def _means(
    names: Sequence[str], system: str, slice_: str, items: Sequence[Item], seed: int
) -> Iterator[Metric]:
    scored = [item for item in items if names[0] in item.scores]
    if not scored:
        return
    values = np.array([[item.scores[name] for item in scored] for name in names])
    intervals = statistic_intervals(
        lambda weights: (values @ weights / weights.sum()).tolist(),
        _groups(scored, slice_),
        seed=seed,
    )
    for name, interval in zip(names, intervals, strict=True):
        yield retrieval_metric(name, system, slice_, interval, scored)


def _difference(
    old: Sequence[Item], new: Sequence[Item], slice_: str, seed: int
) -> Iterator[Metric]:
    before = {item.id: item for item in old if PRIMARY in item.scores}
    after = [item for item in new if item.id in before]
    if not after:
        return
    interval = paired_difference(
        [before[item.id].scores[PRIMARY] for item in after],
        [item.scores[PRIMARY] for item in after],
        _groups(after, slice_),
        seed=seed,
    )
    yield retrieval_metric(over(old[0].system), new[0].system, slice_, interval, after)


def retrieval_metric(
    name: str,
    system: str,
    slice_: str,
    interval: Interval,
    items: Sequence[Item],
    *,
    unit: str = "ratio",
) -> Metric:
    """A figure of searches on this machine, with the counts of its items."""
    n_scored, n_failed, n_refused = count_status(items)
    return Metric(
        name=name,
        system=system,
        slice=slice_,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        unit=unit,
        higher_is_better=name not in LOWER_IS_BETTER,
        n_scored=n_scored,
        n_failed=n_failed,
        n_refused=n_refused,
        kind="live",
    )
