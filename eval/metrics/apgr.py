"""Average performance gap recovered."""

import numpy as np

from eval.metrics.tradeoff import Tradeoff


def apgr(tradeoff: Tradeoff) -> float:
    """Mean height of the recovered gap, over all shares of strong calls.

    PGR = (quality - weak) / (strong - weak) at a share of strong calls; APGR is its integral over
    the share from 0 to 1 (after Ong et al. 2024, arXiv:2406.18665, which sums ten steps and so
    gives a random router .55; the integral gives it exactly .5). Turns with equal router scores
    are sent in random order, so a router with one score for all is a random one.

    Returns:
        .5 for a random router; above 1 or below 0 is possible where the weak model is the better
        one on some turns.

    Raises:
        ValueError: the strong model is not better than the weak one, so no gap can be recovered.
    """
    if tradeoff.gap <= 0:
        raise ValueError("the strong model is not better than the weak one")
    recovered = (tradeoff.quality - tradeoff.quality[0]) / tradeoff.gap
    return float(np.trapezoid(recovered, tradeoff.strong_share))
