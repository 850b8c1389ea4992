import numpy as np
import pytest

from msp_core.learning.folds import folds_of


def test_folds_hold_groups_together_and_are_of_like_size() -> None:
    groups = ["a"] * 5 + ["b"] * 3 + ["c"] * 2 + ["d"] * 2
    fold = folds_of(groups, 2)
    assert {len(set(fold[np.array(groups) == name])) for name in "abcd"} == {1}
    assert np.bincount(fold).tolist() == [7, 5]
    assert folds_of(["a", "b"], 5).tolist() == [0, 1]
    assert folds_of(["a"] * 4, 2).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(("groups", "count"), [(["a"], 2), (["a", "b"], 1)])
def test_no_folds(groups: list[str], count: int) -> None:
    with pytest.raises(ValueError, match="folds"):
        folds_of(groups, count)
