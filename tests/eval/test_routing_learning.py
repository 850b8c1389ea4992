"""What a known law put into outcomes is found, and nothing else is."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from eval.constructed import STRONG_COST_USD, constructed_outcomes
from eval.result import SuiteRun
from eval.routing import evaluate_routing
from eval.routing_learning import (
    learned_scores,
    out_of_fold,
    train_on,
    transfer_metrics,
)
from eval.routing_set import Prices, RoutingSet
from eval.routing_systems import LearnedScores
from msp_core.errors import InvalidInput
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.remembering import RememberingEmbedder
from msp_core.routing.learned import LearnedRouter

NOISE = 0.1


def taught_then_tried(embedder: Embedder, *, seed: int, told: bool) -> dict[str, LearnedScores]:
    taught = constructed_outcomes(600, noise=NOISE, seed=seed, told=told)
    model = train_on(taught, embedder, folds=4, seed=7, own_groups=True)
    router = LearnedRouter(model, embedder.embed, embedder_id=embedder.model_id)
    return learned_scores(router, tried(seed=seed, told=told).turns)


def tried(*, seed: int, told: bool) -> RoutingSet:
    return constructed_outcomes(600, noise=NOISE, seed=seed + 100, told=told)


Judge = Callable[[RoutingSet, Mapping[str, LearnedScores]], SuiteRun]


@pytest.fixture
def judge(prices: Prices) -> Judge:
    return lambda data, learned: evaluate_routing(data, None, prices, learned=learned)


def low_and_high(run: SuiteRun, name: str, system: str) -> tuple[float, float]:
    metric = run.result.find(name, system)
    assert metric is not None
    assert metric.low is not None
    assert metric.high is not None
    return metric.low, metric.high


def test_two_heads_beat_one_head_and_length(embedder: Embedder, judge: Judge) -> None:
    # The strong model gains on turns of middling difficulty alone: two monotone heads can say so,
    # one cannot.
    run = judge(tried(seed=1, told=True), taught_then_tried(embedder, seed=1, told=True))
    assert low_and_high(run, "apgr_over_word_count", "two_head")[0] > 0
    one_head = low_and_high(run, "apgr", "lexical")[1]
    assert low_and_high(run, "apgr", "two_head")[0] > one_head
    assert not [note for note in run.result.notes if note.startswith("two_head")]
    assert [note for note in run.result.notes if note.startswith("lexical: not better than length")]


def test_the_cascade_beats_routers_that_see_the_question_alone(
    embedder: Embedder, judge: Judge
) -> None:
    # The questions tell nothing here, the weak model's answers do.
    run = judge(tried(seed=1, told=False), taught_then_tried(embedder, seed=1, told=False))
    for system in ("two_head", "lexical", "knn"):
        assert low_and_high(run, "apgr", "cascade")[0] > low_and_high(run, "apgr", system)[1]
    weak, both = (run.result.find("cost_usd", name) for name in ("always_weak", "cascade"))
    rate = run.result.find("strong_rate", "cascade")
    assert weak is not None
    assert both is not None
    assert rate is not None
    # A turn that goes strong has paid for the draft too.
    assert both.value == pytest.approx(weak.value + rate.value * STRONG_COST_USD)


@pytest.mark.parametrize("seed", [2, 3])
def test_on_noise_nothing_beats_random(embedder: Embedder, judge: Judge, seed: int) -> None:
    run = judge(tried(seed=seed, told=False), taught_then_tried(embedder, seed=seed, told=False))
    for system in ("lexical", "two_head", "knn", "word_count", "regex"):
        low, high = low_and_high(run, "apgr", system)
        assert low <= 0.5, system
        assert high - low < 0.25, system  # so a real gain would have shown
    said = " ".join(run.result.notes)
    for system in ("lexical", "two_head", "knn"):
        assert f"{system}: not better than length" in said


def test_out_of_fold_finds_it_within_one_set(embedder: Embedder, judge: Judge) -> None:
    data = constructed_outcomes(400, noise=NOISE, seed=1)
    scores = out_of_fold(data, RememberingEmbedder(embedder), folds=4, seed=7, own_groups=True)
    run = judge(data, scores)
    assert low_and_high(run, "apgr", "two_head")[0] > 0.5
    assert run.result.find("quality", "two_head") is None  # there is no one threshold


def test_transfer_leaves_a_category_out(embedder: Embedder) -> None:
    data = constructed_outcomes(300, noise=NOISE, seed=4)
    names = ("Network", "Software", "rare")
    turns = tuple(
        replace(turn, slices={"category": names[2 if row < 10 else row % 2]})
        for row, turn in enumerate(data.turns)
    )
    found = list(transfer_metrics(replace(data, turns=turns), embedder, seed=7))
    assert {(metric.system, metric.slice) for metric in found} == {
        (system, f"category={name}")
        for system in ("two_head", "word_count")
        for name in ("Network", "Software")
    }
    assert all(0 < metric.value < 1.2 and metric.n_scored == 145 for metric in found)


def test_one_category_transfers_nowhere(embedder: Embedder) -> None:
    assert not list(transfer_metrics(constructed_outcomes(60, noise=0, seed=1), embedder, seed=7))


def test_folds_that_cannot_be_learned_from(embedder: Embedder) -> None:
    with pytest.raises(InvalidInput, match="too few"):
        out_of_fold(
            constructed_outcomes(44, noise=0, seed=1), embedder, folds=4, seed=7, own_groups=True
        )
