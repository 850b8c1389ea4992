"""Average improvement in quality: the height of the best mixture over all costs."""

import numpy as np

from eval.metrics.tradeoff import Floats, Tradeoff


def aiq(tradeoff: Tradeoff) -> float:
    """Mean height of the curve's non-decreasing concave hull over its range of costs.

    The hull is what mixing two thresholds at random reaches; its area is divided by the width of
    the range, cheapest to dearest corner (after Hu et al. 2024, arXiv:2403.12031). Like quality
    it is in the unit of the scores, so it compares routers on the same outcomes only.

    Returns:
        A mean quality, 0 to 1 for scores in that range.

    Raises:
        ValueError: costs are not known, or all corners cost the same.
    """
    cost, quality = tradeoff.cost_usd, tradeoff.quality
    if cost is None or np.ptp(cost) <= 0:
        raise ValueError("the height over costs needs corners of different costs")
    x, y = _hull(cost, quality)
    return float(np.trapezoid(y, x) / (x[-1] - x[0]))


def _hull(cost: Floats, quality: Floats) -> tuple[Floats, Floats]:
    """The corners of the hull from left to right."""
    order = np.lexsort((quality, cost))
    cost, best = cost[order], np.maximum.accumulate(quality[order])
    last = np.r_[cost[1:] != cost[:-1], True]  # of corners of one cost, the best
    x, y = cost[last], best[last]
    while x.size > 2:
        # A corner on or below the line between its neighbours is no corner of the hull.
        rise = (y[1:-1] - y[:-2]) * (x[2:] - x[:-2]) - (y[2:] - y[:-2]) * (x[1:-1] - x[:-2])
        kept = np.r_[True, rise > 0, True]
        if kept.all():
            break
        x, y = x[kept], y[kept]
    return x, y
