import numpy as np
import pytest

from eval.metrics.apgr import apgr
from eval.metrics.cpt import cpt
from eval.metrics.saving import saving_at_loss
from eval.metrics.tradeoff import Outcomes, Tradeoff

WEAK = [1.0, 0.0, 0.0, 1.0]


def exactly(value: float) -> object:
    return pytest.approx(value, abs=1e-9, rel=0)


def tradeoff(scores, weak=WEAK, strong=(1.0, 1.0, 1.0, 1.0), *, costs=(1.0, 10.0)) -> Tradeoff:
    n = len(scores)
    return Outcomes(
        np.array(scores, dtype=float),
        np.array(weak, dtype=float),
        np.array(strong, dtype=float),
        weak_costs=np.full(n, costs[0]),
        strong_costs=np.full(n, costs[1]),
    ).tradeoff()


def test_the_curve_goes_from_always_weak_to_always_strong() -> None:
    curve = tradeoff([0.1, 0.9, 0.8, 0.2])
    assert curve.strong_share.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert curve.quality.tolist() == [0.5, 0.75, 1, 1, 1]
    assert curve.cost_usd is not None
    assert curve.cost_usd.tolist() == [1, 3.25, 5.5, 7.75, 10]


def test_apgr_of_a_perfect_order() -> None:
    # PGR 0, .5, 1, 1, 1: trapezia .0625 + .1875 + .25 + .25
    assert apgr(tradeoff([0.1, 0.9, 0.8, 0.2])) == exactly(0.75)


def test_apgr_of_the_reverse_order_mirrors_it() -> None:
    assert apgr(tradeoff([0.9, 0.1, 0.2, 0.8])) == exactly(0.25)


def test_one_score_for_all_is_a_random_router() -> None:
    curve = tradeoff([0.3] * 4)
    assert apgr(curve) == exactly(0.5)
    assert cpt(curve, 0.8) == exactly(0.8)
    assert curve.strong_share.tolist() == [0, 1]


def test_ties_do_not_depend_on_the_order_of_rows() -> None:
    one = tradeoff([1, 1, 0, 0], weak=[0, 1, 0, 1])
    other = tradeoff([1, 1, 0, 0], weak=[1, 0, 1, 0])
    assert apgr(one) == exactly(apgr(other)) == exactly(0.5)


def test_apgr_exceeds_1_where_the_weak_model_is_better_on_some_turns() -> None:
    curve = tradeoff([3, 2, 1], weak=[0, 0, 1], strong=[1, 1, 0])
    # PGR 0, 1, 2, 1 at thirds
    assert apgr(curve) == exactly((0.5 + 1.5 + 1.5) / 3)


def test_cpt_is_the_first_crossing_between_corners() -> None:
    curve = tradeoff([0.1, 0.9, 0.8, 0.2])
    assert cpt(curve, 0.5) == exactly(0.25)
    assert cpt(curve, 0.8) == exactly(0.4)
    assert cpt(curve, 1) == exactly(0.5)


def test_cpt_of_the_whole_gap_survives_rounding() -> None:
    generator = np.random.default_rng(1)
    weak, strong = generator.random(97) * 0.3, generator.random(97) * 0.3 + 0.5
    assert 0 < cpt(tradeoff(generator.random(97), weak, strong), 1) <= 1


def test_no_gap_is_refused() -> None:
    level = tradeoff([1, 2], weak=[1, 0], strong=[0, 1])
    for metric in (apgr, lambda curve: cpt(curve, 0.5)):
        with pytest.raises(ValueError, match="not better"):
            metric(level)


def test_saving_takes_the_cheapest_point_within_the_loss() -> None:
    curve = tradeoff([0.1, 0.9, 0.8, 0.2])
    assert saving_at_loss(curve, 0) == exactly(1 - 5.5 / 10)
    assert saving_at_loss(curve, 10) == exactly(1 - 4.6 / 10)  # quality .9: .4 of the calls
    assert saving_at_loss(curve, 50) == exactly(1 - 1 / 10)


def test_a_bad_order_saves_little() -> None:
    # quality .98 lies .92 of the way from the fourth corner (7.75 USD) to the last
    assert saving_at_loss(tradeoff([0.9, 0.1, 0.2, 0.8]), 2) == exactly(1 - 9.82 / 10)


def test_saving_needs_costs() -> None:
    plain = Outcomes(np.ones(2), np.zeros(2), np.ones(2)).tradeoff()
    with pytest.raises(ValueError, match="costs"):
        saving_at_loss(plain, 5)


def test_weights_are_the_same_as_repeated_turns() -> None:
    scores, weak = np.array([3.0, 2, 1]), np.array([0.0, 1, 0])
    weighted = Outcomes(scores, weak, np.ones(3)).tradeoff(np.array([2.0, 0, 1]))
    repeated = Outcomes(np.array([3.0, 3, 1]), np.zeros(3), np.ones(3)).tradeoff()
    assert apgr(weighted) == exactly(apgr(repeated))


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ((np.array([]), np.array([]), np.array([])), "at least one"),
        ((np.ones(2), np.ones(3), np.ones(2)), "shape"),
        ((np.array([np.nan]), np.ones(1), np.ones(1)), "finite"),
    ],
)
def test_unusable_outcomes_are_refused(arrays, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Outcomes(*arrays)
