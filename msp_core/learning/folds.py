"""Folds that keep a group on one side."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def folds_of(groups: Sequence[str], count: int) -> npt.NDArray[np.intp]:
    """The fold of each row, 0 to count - 1; a group lies in one fold, the folds are of like size.

    With fewer than two groups every row is a group of its own, and never are there more folds
    than groups. Nothing is drawn: the largest group goes to the smallest fold, and so on.

    Raises:
        ValueError: fewer than two folds, or fewer than two rows.
    """
    if count < 2 or len(groups) < 2:
        raise ValueError(f"{count} folds of {len(groups)} rows cannot be told apart")
    names = list(groups) if len(set(groups)) > 1 else [str(row) for row in range(len(groups))]
    sizes: dict[str, int] = {}
    for name in names:
        sizes[name] = sizes.get(name, 0) + 1
    filled = [0] * min(count, len(sizes))
    fold: dict[str, int] = {}
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        fold[name] = filled.index(min(filled))
        filled[fold[name]] += sizes[name]
    return np.array([fold[name] for name in names])
