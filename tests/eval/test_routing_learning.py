"""What a known law put into outcomes is found, and nothing else is."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Literal

import pytest

from eval.constructed import STRONG_COST_USD, WEAK_COST_USD, constructed_outcomes
from eval.result import SuiteRun
from eval.routing import evaluate_routing
from eval.routing_figures import Columns
from eval.routing_learning import (
    learned_scores,
    out_of_fold,
    train_on,
    transfer_metrics,
)
from eval.routing_set import RoutingSet
from eval.routing_systems import CASCADE, LearnedScores, all_systems
from msp_core.errors import InvalidInput
from msp_core.knowledge.embedding import Embedder
from msp_core.knowledge.remembering import RememberingEmbedder
from msp_core.routing.learned import LearnedRouter
from tests.eval.conftest import PRICES

NOISE = 0.1


Judge = Callable[[RoutingSet, Mapping[str, LearnedScores]], SuiteRun]
Tried = Callable[[int, Literal["told", "chance"]], SuiteRun]


@pytest.fixture(scope="module")
def judge() -> Judge:
    def run(data: RoutingSet, learned: Mapping[str, LearnedScores]) -> SuiteRun:
        # Figures of costs take most of an evaluation's time, and say nothing of signal and noise.
        turns = [replace(turn, weak_cost_usd=None, strong_cost_usd=None) for turn in data.turns]
        unpriced = replace(data, turns=tuple(turns))
        return evaluate_routing(unpriced, None, PRICES, learned=learned)

    return run


@pytest.fixture(scope="module")
def tried(embedder: Embedder, judge: Judge) -> Tried:
    """Learned from one draw and tried on another, where the texts tell or leave it to chance."""

    @cache
    def run(seed: int, texts: Literal["told", "chance"]) -> SuiteRun:
        taught, unseen = (
            constructed_outcomes(500, noise=NOISE, seed=seed + more, told=texts == "told")
            for more in (0, 100)
        )
        model = train_on(taught, embedder, folds=3, seed=7, own_groups=True)
        router = LearnedRouter(model, embedder.embed, embedder_id=embedder.model_id)
        return judge(unseen, learned_scores(router, unseen.turns))

    return run


def low_and_high(run: SuiteRun, name: str, system: str) -> tuple[float, float]:
    metric = run.result.find(name, system)
    assert metric is not None
    assert metric.low is not None
    assert metric.high is not None
    return metric.low, metric.high


def test_two_heads_beat_one_head_and_length(tried: Tried) -> None:
    # The strong model gains on turns of middling difficulty alone: two monotone heads can say so,
    # one cannot.
    run = tried(1, "told")
    assert low_and_high(run, "apgr_over_word_count", "two_head")[0] > 0
    one_head = low_and_high(run, "apgr", "lexical")[1]
    assert low_and_high(run, "apgr", "two_head")[0] > one_head
    assert not [note for note in run.result.notes if note.startswith("two_head")]
    assert [note for note in run.result.notes if note.startswith("lexical: not better than length")]


def test_the_cascade_beats_routers_that_see_the_question_alone(tried: Tried) -> None:
    # The questions tell nothing here, the weak model's answers do.
    run = tried(2, "chance")
    for system in ("two_head", "lexical", "knn"):
        assert low_and_high(run, "apgr", "cascade")[0] > low_and_high(run, "apgr", system)[1]


def test_a_turn_that_goes_strong_has_paid_for_the_draft_too() -> None:
    data = constructed_outcomes(60, noise=NOISE, seed=2, told=False)
    cascade = next(row for row in all_systems(data.turns, None, {}) if row.name == CASCADE)
    values = Columns.of(data).at_threshold(cascade)
    assert 0 < values["strong_rate"].sum() < 60
    dear = values["strong_rate"] * STRONG_COST_USD
    assert values["cost_usd"] == pytest.approx(WEAK_COST_USD + dear)


@pytest.mark.parametrize("seed", [2, 3])
def test_on_noise_nothing_beats_random(tried: Tried, seed: int) -> None:
    run = tried(seed, "chance")
    for system in ("lexical", "two_head", "knn", "word_count", "regex"):
        low, high = low_and_high(run, "apgr", system)
        assert low <= 0.5, system
        assert high - low < 0.25, system  # so a real gain would have shown
    said = " ".join(run.result.notes)
    for system in ("lexical", "two_head", "knn"):
        assert f"{system}: not better than length" in said


def test_out_of_fold_finds_it_within_one_set(embedder: Embedder, judge: Judge) -> None:
    data = constructed_outcomes(400, noise=NOISE, seed=1)
    scores = out_of_fold(data, RememberingEmbedder(embedder), folds=2, seed=7, own_groups=True)
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
