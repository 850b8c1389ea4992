"""Cost saved at a bounded loss of quality."""

import numpy as np

from eval.metrics.tradeoff import Tradeoff


def saving_at_loss(tradeoff: Tradeoff, points: float) -> float:
    """Part of always-strong's cost that the cheapest point of the curve within the loss saves.

    The point is chosen with hindsight on the very turns it is measured on: it says what the order
    of a router's scores is worth, not what a threshold set beforehand will save.

    Args:
        points: how many percentage points of quality may be lost against always-strong, 0 or more.

    Returns:
        At most 1.0; 0.0 or more where calling the weak model is never dearer.

    Raises:
        ValueError: a negative loss, costs that are not known, or always-strong costs nothing.
    """
    if points < 0:
        raise ValueError(f"the loss must be 0 or more points, not {points}")
    if tradeoff.cost_usd is None or tradeoff.cost_usd[-1] <= 0:
        raise ValueError("a saving needs the costs of both models, and a strong one that costs")
    quality, cost = tradeoff.quality, tradeoff.cost_usd
    least = float(quality[-1]) - points / 100
    good = quality >= least
    reached = cost[good]
    # Between a corner within the loss and one beyond it lies the point of exactly that loss.
    edge = np.flatnonzero(good[1:] != good[:-1])
    part = (least - quality[edge]) / (quality[edge + 1] - quality[edge])
    crossings = cost[edge] + part * (cost[edge + 1] - cost[edge])
    return float(1 - np.r_[reached, crossings].min() / cost[-1])
