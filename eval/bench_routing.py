"""How long a routing decision takes, in embeddings of the same text."""

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
from msp_core.routing.policy import RoutingPolicy
from msp_core.routing.request import RouteRequest
from msp_core.routing.router_model import RouterModel
from msp_core.routing.scorers import Scorer, regex_rules, word_count

SUITE = "bench_routing"
RATIO, MEDIAN_MS = "decision_vs_embedding", "decision_ms"
EMBEDDING, POLICY = "embedding", "policy"
_ROUNDS = 5


def bench_routing(
    data: RoutingSet,
    model: RouterModel,
    embedder: Embedder,
    policy: RoutingPolicy,
    *,
    context: RunContext,
) -> SuiteRun:
    """Time the policy and each scorer, reading of the turn included, beside the embedding alone.

    Every text is embedded and decided anew in each of five rounds, one after the other, so that a
    busy machine slows both; of each the least time counts. Turns that mean the same are timed once.

    Args:
        data: the turns; at least two that mean different things.
        model: of the learned scorers.
        embedder: without a cache, or nothing is measured.
        policy: the whole decision, floors included; its embedder may remember the last text.
        context: for the provenance.

    Returns:
        `decision_vs_embedding`, a ratio of sums over all turns, and `decision_ms`, the median.

    Raises:
        InvalidInput: fewer turns than two; a remembered text would cost nothing.
    """
    recording = Recording(context, models={"embedder": embedder.model_id})
    by_meaning = {what_is_meant(turn.request).text: turn.request for turn in data.turns}
    requests = list(by_meaning.values())
    if len(requests) < 2:
        raise InvalidInput("Timing needs two different turns or more. Choose another split.")
    router = LearnedRouter(model, embedder.embed, embedder_id=embedder.model_id)
    timed: dict[str, Callable[[RouteRequest], object]] = {
        EMBEDDING: lambda request: embedder.embed([what_is_meant(request).text]),
        "regex": regex_rules,
        "word_count": word_count,
        POLICY: policy.decide,
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
