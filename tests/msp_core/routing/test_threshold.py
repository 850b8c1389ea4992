import math
import random

import pytest

from msp_core.errors import InvalidInput
from msp_core.routing.threshold import (
    ALL_WEAK,
    by_cost,
    by_loss_bound,
    by_strong_rate,
    hoeffding_bentkus,
)

TEN = [place / 10 for place in range(10)]


@pytest.mark.parametrize(
    ("rate", "threshold"), [(0.0, ALL_WEAK), (0.3, 0.7), (0.35, 0.7), (1.0, 0.0)]
)
def test_a_strong_rate_is_never_exceeded(rate: float, threshold: float) -> None:
    chosen = by_strong_rate(TEN, rate)
    assert chosen.threshold == threshold
    assert chosen.strong_rate == pytest.approx(math.floor(rate * 10) / 10)


def test_equal_scores_go_together_and_it_says_so() -> None:
    chosen = by_strong_rate([0.5] * 6 + [0.9] * 4, 0.8)
    assert (chosen.threshold, chosen.strong_rate) == (0.9, 0.4)
    assert "40%" in chosen.note


def test_forced_turns_beyond_the_rate_are_told() -> None:
    chosen = by_strong_rate([ALL_WEAK, ALL_WEAK, 0.1, 0.2], 0.25)
    assert (chosen.threshold, chosen.strong_rate) == (ALL_WEAK, 0.5)
    assert "floors" in chosen.note


def test_a_cost_is_never_exceeded() -> None:
    weak, strong = [0.001] * 10, [0.01] * 10
    chosen = by_cost(TEN, weak, strong, 3.7)  # all weak 1, each strong turn .9 more
    assert (chosen.threshold, chosen.strong_rate) == (0.7, 0.3)
    assert by_cost(TEN, weak, strong, 1.0).threshold == ALL_WEAK
    assert by_cost(TEN, weak, strong, 1e6).strong_rate == 1.0
    with pytest.raises(InvalidInput, match="not enough"):
        by_cost(TEN, weak, strong, 0.5)


def test_forced_turns_cost_the_strong_price_at_any_threshold() -> None:
    with pytest.raises(InvalidInput, match="not enough"):
        by_cost([ALL_WEAK, 0.1], [0.0, 0.0], [1.0, 1.0], 400)
    assert by_cost([ALL_WEAK, 0.1], [0.0, 0.0], [1.0, 1.0], 500).strong_rate == 0.5


def test_the_p_value_is_valid_at_the_bound() -> None:
    """Of draws whose expected loss is the bound, at most delta have a p-value below delta."""
    draw = random.Random(7)
    n, bound, delta = 80, 0.1, 0.1
    below = sum(
        hoeffding_bentkus(sum(draw.random() < bound for _ in range(n)) / n, n, bound) <= delta
        for _ in range(2_000)
    )
    assert below / 2_000 <= delta
    assert hoeffding_bentkus(0.0, n, bound) == pytest.approx((1 - bound) ** n)
    assert hoeffding_bentkus(bound, n, bound) == 1.0


def turns(n: int, seed: int) -> tuple[list[float], list[float], list[float]]:
    """The weak model is right with probability 1 - score."""
    draw = random.Random(seed)
    scores = [draw.random() for _ in range(n)]
    return scores, [float(draw.random() >= score) for score in scores], [1.0] * n


def test_the_loss_bound_holds_where_the_best_looking_threshold_breaks_it() -> None:
    """At threshold t the expected loss is t^2 / 2; so .05 allows t up to sqrt(.1) = .316."""
    thresholds = [by_loss_bound(*turns(400, seed), most_loss=0.05).threshold for seed in range(40)]
    broken = sum(threshold**2 / 2 > 0.05 for threshold in thresholds)
    assert broken / 40 <= 0.1
    assert 0.1 < sum(thresholds) / 40 < 0.316


def test_a_bound_that_forces_nearly_all_strong_says_so() -> None:
    chosen = by_loss_bound(*turns(60, 1), most_loss=0.03)
    assert chosen.strong_rate >= 0.7
    assert "little less than always strong" in chosen.note
    assert not by_loss_bound(*turns(2_000, 1), most_loss=0.3).note


def test_a_weak_model_that_loses_nothing_takes_all() -> None:
    scores = [place / 500 for place in range(500)]
    assert by_loss_bound(scores, [1.0] * 500, [1.0] * 500, most_loss=0.05).threshold == ALL_WEAK


@pytest.mark.parametrize("scores", [[], [math.nan], [-0.1], [1.2]])
def test_scores_out_of_range_are_refused(scores: list[float]) -> None:
    with pytest.raises(InvalidInput):
        by_strong_rate(scores, 0.5)
