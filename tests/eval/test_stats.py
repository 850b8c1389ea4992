import math

import numpy as np
import pytest

from eval.stats import mean_interval, paired_difference, statistic_intervals


def test_the_interval_holds_the_mean_and_repeats_with_its_seed() -> None:
    values = np.random.default_rng(3).random(200).tolist()
    groups = [str(i) for i in range(200)]
    one, two = (mean_interval(values, groups, seed=5) for _ in range(2))
    assert one == two
    assert one.value == pytest.approx(sum(values) / 200, abs=1e-12)
    assert one.low is not None
    assert one.high is not None
    # The normal interval of a mean of 200 uniform draws.
    half = 1.96 * np.std(values) / math.sqrt(200)
    assert one.high - one.low == pytest.approx(2 * half, rel=0.15)
    assert mean_interval(values, groups, seed=6) != one


def test_items_of_one_group_are_drawn_together() -> None:
    values = [float(group % 2) for group in range(10) for _ in range(20)]
    alone = mean_interval(values, [str(i) for i in range(200)], seed=1)
    together = mean_interval(values, [str(i // 20) for i in range(200)], seed=1)
    assert together.high - together.low > 2 * (alone.high - alone.low)  # type: ignore[operator]


def test_groups_of_unequal_size_keep_the_mean_over_items() -> None:
    interval = mean_interval([1.0, 1.0, 1.0, 0.0], ["a", "a", "a", "b"], seed=1)
    assert interval.value == 0.75
    assert (interval.low, interval.high) == (0, 1)


def test_a_few_groups_alike_do_not_hide_the_spread_within_them() -> None:
    values = [0.0, 1.0] * 10
    interval = mean_interval(values, ["a"] * 10 + ["b"] * 10, seed=1)
    assert interval.low is not None
    assert interval.high is not None
    assert 0.2 < interval.low < 0.4
    assert 0.6 < interval.high < 0.8


def test_no_interval_from_one_group_or_from_equal_values() -> None:
    assert mean_interval([0.0, 1.0], ["a", "a"], seed=1).low is None
    certain = mean_interval([1.0] * 9, [str(i) for i in range(9)], seed=1)
    assert (certain.value, certain.low, certain.high) == (1, None, None)


def test_pairing_removes_what_both_share() -> None:
    generator = np.random.default_rng(2)
    hard = generator.random(100)
    old, new = hard.tolist(), (hard + 0.01 * generator.random(100)).tolist()
    difference = paired_difference(old, new, [str(i) for i in range(100)], seed=1)
    assert difference.low is not None
    assert difference.low > 0


def test_an_often_undefined_statistic_has_no_interval() -> None:
    def statistics(weights: np.ndarray) -> tuple[float, float]:
        return float(weights[0]) if weights[0] > 0 else math.nan, float(weights[1])

    rare, common = statistic_intervals(statistics, [str(i) for i in range(20)], seed=1)
    assert rare.low is None
    assert common.low is not None


@pytest.mark.parametrize(
    ("values", "groups"), [([], []), ([1.0], ["a", "b"]), ([math.nan, 1.0], ["a", "b"])]
)
def test_unusable_values_are_refused(values: list[float], groups: list[str]) -> None:
    with pytest.raises(ValueError, match=r"items|groups|finite"):
        mean_interval(values, groups, seed=1)
