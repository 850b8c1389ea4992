import math

import numpy as np
import pytest

from eval.metrics.kappa import kappa, kappa_interval


def passes(table: list[list[int]]) -> tuple[list[int], list[int]]:
    """Two passes with these counts: a row per label of the first."""
    pairs = [
        (row, column)
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for _ in range(count)
    ]
    return [one for one, _ in pairs], [other for _, other in pairs]


def test_a_table_worked_out_by_hand() -> None:
    # Observed agreement 35/50; chance (25*30 + 25*20) / 50**2 = .5.
    assert kappa(*passes([[20, 5], [10, 15]])) == pytest.approx((0.7 - 0.5) / 0.5)


def test_on_a_scale_a_near_miss_counts_less() -> None:
    near, far = passes([[10, 5, 0], [0, 10, 0], [0, 0, 10]]), passes(
        [[10, 0, 5], [0, 10, 0], [0, 0, 10]]
    )
    assert kappa(*near) == pytest.approx(kappa(*far), abs=0.02)
    assert kappa(*near, scale=(0, 1, 2)) > kappa(*far, scale=(0, 1, 2)) + 0.1
    # Observed distance 5/35; by chance (15*15*1 + 15*10*2 + 10*10*1 + 10*10*1 + 10*10*2 + 10*15*1)
    # / 35**2 = 1075 / 1225.
    assert kappa(*near, scale=(0, 1, 2)) == pytest.approx(1 - (5 / 35) / (1075 / 1225))


@pytest.mark.parametrize(
    ("first", "second", "value"),
    [
        ("aabb", "aabb", 1.0),
        ("aabb", "bbaa", -1.0),
        ("abab", "aabb", 0.0),
        ("aaab", "aaaa", 0.0),
    ],
)
def test_ends_of_the_range(first: str, second: str, value: float) -> None:
    assert kappa(first, second) == pytest.approx(value)


@pytest.mark.parametrize(("first", "second"), [("", ""), ("aaa", "aaa")])
def test_undefined_is_no_number(first: str, second: str) -> None:
    assert math.isnan(kappa(first, second))


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="3 labels cannot be compared with 2"):
        kappa("aab", "aa")
    with pytest.raises(ValueError, match="not on the scale: 7"):
        kappa([0, 7], [0, 1], scale=(0, 1))
    with pytest.raises(ValueError, match="2 items and 1 groups"):
        kappa_interval("ab", "ab", ["x"], seed=1)


def test_the_interval_is_that_of_the_delta_method() -> None:
    generator = np.random.default_rng(2)
    first = generator.integers(2, size=600)
    second = np.where(generator.random(600) < 0.8, first, 1 - first)
    groups = [str(item) for item in range(600)]
    found = kappa_interval(first.tolist(), second.tolist(), groups, seed=3)
    assert found.low is not None
    assert found.high is not None
    agreed = float((first == second).mean())
    half = 1.96 * math.sqrt(agreed * (1 - agreed) / 600) / 0.5
    assert found.high - found.low == pytest.approx(2 * half, rel=0.15)
    assert found.low < 0.6 < found.high


def test_full_agreement_and_undefined_have_no_interval() -> None:
    same = kappa_interval("abab", "abab", "wxyz", seed=1)
    assert (same.value, same.low, same.high) == (1.0, None, None)
    nothing = kappa_interval("aaaa", "aaaa", "wxyz", seed=1)
    assert math.isnan(nothing.value)
    assert nothing.low is None
