"""Cohen's kappa: agreement of two passes beyond what chance gives."""

import math
from collections.abc import Hashable, Sequence

import numpy as np

from eval.metrics.tradeoff import Floats
from eval.stats import Interval, statistic_intervals


def kappa(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    *,
    scale: Sequence[Hashable] | None = None,
) -> float:
    """Agreement of two passes over the same items, beyond chance.

    1 - observed / expected disagreement, the latter from how often each pass gave each label
    (Cohen 1960, doi:10.1177/001316446002000104). On a scale a disagreement counts by its distance,
    linearly (Cohen 1968, doi:10.1037/h0026256).

    Args:
        first, second: a label per item, in one order.
        scale: the labels from lowest to highest; None for labels without an order.

    Returns:
        1.0 for full agreement, 0.0 for what chance gives, down to -1.0; NaN where it is undefined:
        without items, or when both passes gave one and the same label to all.

    Raises:
        ValueError: the passes differ in length, or a label is not on the scale.
    """
    return _Table(first, second, scale).kappa(np.ones(len(first)))


def kappa_interval(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    groups: Sequence[str],
    *,
    scale: Sequence[Hashable] | None = None,
    seed: int,
) -> Interval:
    """`kappa` with the bootstrap interval of `eval.stats` over the groups.

    Raises:
        ValueError: as `kappa`, no items, or another number of groups.
    """
    if len(groups) != len(first):
        raise ValueError(f"{len(first)} items and {len(groups)} groups")
    table = _Table(first, second, scale)
    return statistic_intervals(lambda weights: (table.kappa(weights),), groups, seed=seed)[0]


class _Table:
    """Both passes as codes, so that a resample is one count."""

    def __init__(
        self,
        first: Sequence[Hashable],
        second: Sequence[Hashable],
        scale: Sequence[Hashable] | None,
    ) -> None:
        if len(first) != len(second):
            raise ValueError(f"{len(first)} labels cannot be compared with {len(second)}")
        labels = list(dict.fromkeys([*first, *second])) if scale is None else list(scale)
        codes = {label: code for code, label in enumerate(labels)}
        unknown = {*first, *second} - codes.keys()
        if unknown:
            raise ValueError(f"not on the scale: {', '.join(map(repr, unknown))}")
        self._size = size = len(labels)
        self._cells = np.array(
            [codes[a] * size + codes[b] for a, b in zip(first, second, strict=True)], dtype=np.intp
        )
        places = np.arange(size)
        distance = np.abs(places[:, None] - places[None, :]).astype(np.float64)
        self._distance = distance if scale is not None else (distance > 0).astype(np.float64)

    def kappa(self, weights: Floats) -> float:
        size = self._size
        counts = np.bincount(self._cells, weights=weights, minlength=size * size)
        observed = counts.reshape(size, size)
        total = observed.sum()
        if total == 0:
            return math.nan
        chance = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / total
        expected = float((chance * self._distance).sum())
        if expected == 0:
            return math.nan
        return 1.0 - float((observed * self._distance).sum()) / expected
