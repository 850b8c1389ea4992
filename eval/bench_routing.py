"""How long a routing decision takes, as a share of one embedding of the same text."""

import time
from collections.abc import Callable

import numpy as np

from eval.metrics.tradeoff import Floats
from eval.provenance import Recording, RunContext
from eval.result import DatasetInfo, Metric, Result, SuiteRun
from eval.routing_set import RoutingSet
from msp_core.errors import InvalidInput
from msp_core.knowledge.embedding import Embedder
from msp_core.routing.learned import LEARNED, LearnedRouter
from msp_core.routing.meaning import what_is_meant
from msp_core.routing.request import RouteRequest
from msp_core.routing.router_model import RouterModel
from msp_core.routing.scorers import Scorer, regex_rules, word_count

SUITE = "bench_routing"
RATIO, MEDIAN_MS = "decision_vs_embedding", "decision_ms"
EMBEDDING = "embedding"
_ROUNDS = 5


def bench_routing(
    data: RoutingSet,
    model: RouterModel,
    embedder: Embedder,
    *,
    context: RunContext,
) -> SuiteRun:
    """Time each scorer, with the reading of what a turn means, beside the embedding alone.

    Every text is embedded and decided anew in each of five rounds, one after the other, so that a
    busy machine slows both; of each the least time counts.

    Args:
        data: the turns, 1 or more.
        model: of the learned scorers.
        embedder: without a cache, or nothing is measured.
        context: for the provenance.

    Returns:
        `decision_vs_embedding`, a ratio of sums over all turns, and `decision_ms`, the median.
    """
    recording = Recording(context, models={"embedder": embedder.model_id})
    requests = [turn.request for turn in data.turns]
    if not requests:
        raise InvalidInput("There are no turns to time. Choose another split.")
    router = LearnedRouter(model, embedder.embed, embedder_id=embedder.model_id)
    timed: dict[str, Callable[[RouteRequest], object]] = {
        EMBEDDING: lambda request: embedder.embed([what_is_meant(request).text]),
        "regex": regex_rules,
        "word_count": word_count,
    }
    timed |= {name: _meant(router.scorer(name)) for name in LEARNED}
    names = list(timed)
    best = np.full((len(timed), len(requests)), np.inf)
    for _ in range(_ROUNDS):
        for row, request in enumerate(requests):
            for place, call in enumerate(timed.values()):
                started = time.perf_counter()
                call(request)
                took = time.perf_counter() - started
                best[place, row] = min(best[place, row], took)
    embedding = best[names.index(EMBEDDING)]
    metrics: list[Metric] = []
    for system, seconds in zip(names, best, strict=True):
        metrics.append(_metric(MEDIAN_MS, system, 1000 * float(np.median(seconds)), seconds))
        if system != EMBEDDING:
            metrics.append(_metric(RATIO, system, float(seconds.sum() / embedding.sum()), seconds))
    info = DatasetInfo(data.name, data.split, data.sha256, len(requests))
    return SuiteRun(Result(SUITE, info, recording.finish(), tuple(metrics)), [])


def _meant(scorer: Scorer) -> Callable[[RouteRequest], object]:
    return lambda request: scorer(what_is_meant(request))


def _metric(name: str, system: str, value: float, seconds: Floats) -> Metric:
    return Metric(
        name=name,
        system=system,
        slice="all",
        value=value,
        low=None,
        high=None,
        unit="ms" if name == MEDIAN_MS else "ratio",
        higher_is_better=False,
        n_scored=len(seconds),
        n_failed=0,
        n_refused=0,
        kind="live",
    )
