from dataclasses import replace

import pytest

from eval.bench_routing import bench_routing
from eval.constructed import constructed_outcomes
from eval.provenance import RunContext
from eval.routing_learning import train_on
from msp_core.errors import InvalidInput
from msp_core.knowledge.embedding import Embedder


def test_each_scorer_is_timed_beside_the_embedding(embedder: Embedder) -> None:
    data = constructed_outcomes(60, noise=0.1, seed=1)
    model = train_on(data, embedder, folds=2, seed=7, own_groups=True)
    few = replace(data, turns=data.turns[:5])
    run = bench_routing(few, model, embedder, context=RunContext())
    found = {(metric.system, metric.name): metric for metric in run.result.metrics}
    scorers = {"regex", "word_count", "lexical", "two_head", "knn"}
    assert {system for system, name in found if name == "decision_vs_embedding"} == scorers
    assert ("embedding", "decision_ms") in found
    assert all(metric.value > 0 and metric.n_scored == 5 for metric in found.values())
    # It computes an embedding and more: one that were remembered would cost next to nothing.
    assert found["two_head", "decision_vs_embedding"].value > 1
    with pytest.raises(InvalidInput, match="no turns"):
        bench_routing(replace(data, turns=()), model, embedder, context=RunContext())
