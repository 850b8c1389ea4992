import math

import numpy as np
import pytest

from eval.metrics.aiq import aiq
from eval.metrics.apgr import apgr
from eval.metrics.miss_bound import miss_rate_bound
from eval.metrics.tradeoff import Outcomes, Tradeoff


def exactly(value: float) -> object:
    return pytest.approx(value, abs=1e-9, rel=0)


def curve(quality: list[float], cost: list[float]) -> Tradeoff:
    share = np.linspace(0, 1, len(quality))
    return Tradeoff(share, np.array(quality), np.array(cost))


def test_aiq_of_a_straight_line_is_its_middle() -> None:
    assert aiq(curve([0.5, 1.0], [1.0, 10.0])) == exactly(0.75)


def test_aiq_takes_the_hull_over_a_dent() -> None:
    # Hull 0..2..4 at .2, .8, 1; the corner (1, .3) lies below it.
    dented = curve([0.2, 0.3, 0.8, 1.0], [0.0, 1.0, 2.0, 4.0])
    assert aiq(dented) == exactly((2 * 0.5 + 2 * 0.9) / 4)


def test_aiq_never_falls_with_the_cost() -> None:
    # The best mixture at 3 is that of 1: .9 from there on.
    assert aiq(curve([0.5, 0.9, 0.7], [0.0, 1.0, 3.0])) == exactly((0.7 + 2 * 0.9) / 3)


def test_aiq_with_the_cheaper_corner_last_and_two_of_one_cost() -> None:
    assert aiq(curve([1.0, 0.6, 0.8, 0.5], [4.0, 2.0, 2.0, 0.0])) == exactly(
        (2 * 0.65 + 2 * 0.9) / 4
    )


def test_aiq_of_a_long_curve_is_that_of_its_hull() -> None:
    generator = np.random.default_rng(3)
    cost = np.sort(generator.random(3000))
    quality = np.sqrt(cost) - 0.2 * generator.random(3000)
    corners = [0]
    while corners[-1] < 2999:  # gift wrapping, the slow way round
        here = corners[-1]
        slopes = (quality[here + 1 :] - quality[here]) / (cost[here + 1 :] - cost[here])
        corners.append(here + 1 + int(np.argmax(slopes)))
    hull = np.maximum.accumulate(quality[corners])
    area = np.trapezoid(hull, cost[corners]) / np.ptp(cost)
    assert aiq(Tradeoff(cost, quality, cost)) == exactly(float(area))


def test_aiq_needs_costs_that_differ() -> None:
    for tradeoff in (curve([0.5, 1.0], [1.0, 1.0]), Tradeoff(np.ones(2), np.ones(2), None)):
        with pytest.raises(ValueError, match="different costs"):
            aiq(tradeoff)


def test_no_miss_of_n_is_about_three_in_n() -> None:
    assert miss_rate_bound(0, 100) == exactly(1 - 0.05 ** (1 / 100))
    assert miss_rate_bound(5, 5) == 1
    assert miss_rate_bound(0, 1) == exactly(0.95)


def test_so_few_misses_have_the_rest_of_the_confidence() -> None:
    bound = miss_rate_bound(2, 50)
    tail = sum(math.comb(50, k) * bound**k * (1 - bound) ** (50 - k) for k in range(3))
    assert tail == exactly(0.05)


@pytest.mark.parametrize(("misses", "n", "confidence"), [(-1, 5, 0.9), (6, 5, 0.9), (0, 0, 0.9)])
def test_no_sample(misses: int, n: int, confidence: float) -> None:
    with pytest.raises(ValueError, match="no sample"):
        miss_rate_bound(misses, n, confidence=confidence)


def test_random_scores_spread_around_a_half_as_their_law_says() -> None:
    generator = np.random.default_rng(5)
    n, times = 300, 400
    weak, strong = (generator.random(n) < 0.5) * 1.0, (generator.random(n) < 0.8) * 1.0
    drawn = [apgr(Outcomes(generator.random(n), weak, strong).tradeoff()) for _ in range(times)]
    gain = strong - weak
    law = gain.std() / (gain.mean() * np.sqrt(12 * n))
    assert np.mean(drawn) == pytest.approx(0.5, abs=4 * law / np.sqrt(times))
    assert np.std(drawn) == pytest.approx(law, rel=0.15)
