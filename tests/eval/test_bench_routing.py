import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from eval.bench_routing import bench_routing
from eval.constructed import constructed_outcomes
from eval.provenance import RunContext
from eval.routing_learning import train_on
from msp_core.errors import InvalidInput
from msp_core.knowledge.embedding import Embedder, Purpose
from msp_core.knowledge.remembering import RememberingEmbedder
from msp_core.routing.learned import LearnedRouter
from msp_core.routing.policy import RoutingPolicy, Trained, make_policy


class Slow:
    """A hundredth of a second for a text, so that a decision's embeddings can be counted."""

    model_id, dimension = "words", 32

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner

    def embed(self, texts: Sequence[str], *, purpose: Purpose = "document") -> Any:
        time.sleep(0.01 * len(texts))
        return self._inner.embed(texts, purpose=purpose)


def learned_policy(router: LearnedRouter) -> RoutingPolicy:
    """Score and familiarity: two embeddings of a turn, unless they are shared."""
    trained = Trained(router.scorer("two_head"), 0.5, router.familiarity, 0.1, "test")
    return make_policy("learned", None, None, trained=trained)


def test_policy_and_scorers_are_timed_beside_the_embedding(embedder: Embedder) -> None:
    data = constructed_outcomes(60, noise=0.1, seed=1)
    model = train_on(data, embedder, folds=2, seed=7, own_groups=True)
    slow = Slow(embedder)
    few = replace(data, turns=(*data.turns[:3], data.turns[2]))
    values = {}
    for name, inner in (("shared", RememberingEmbedder(slow, most=1)), ("twice", slow)):
        router = LearnedRouter(model, inner.embed, embedder_id=inner.model_id)
        run = bench_routing(few, model, slow, learned_policy(router), context=RunContext())
        found = {(metric.system, metric.name): metric for metric in run.result.metrics}
        values[name] = found["policy", "decision_vs_embedding"].value
    systems = {"regex", "word_count", "lexical", "two_head", "knn", "policy"}
    assert {system for system, name in found if name == "decision_vs_embedding"} == systems
    assert ("embedding", "decision_ms") in found
    assert all(metric.value > 0 and metric.n_scored == 3 for metric in found.values())
    # A scorer that were handed remembered vectors would cost next to nothing.
    assert found["two_head", "decision_vs_embedding"].value > 0.9
    assert 0.9 < values["shared"] < 1.9 < values["twice"]
    with pytest.raises(InvalidInput, match="two different turns"):
        bench_routing(
            replace(few, turns=few.turns[2:]),
            model,
            slow,
            learned_policy(router),
            context=RunContext(),
        )
