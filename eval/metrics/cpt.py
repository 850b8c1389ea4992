"""Call-performance threshold."""

import numpy as np

from eval.metrics.tradeoff import Tradeoff


def cpt(tradeoff: Tradeoff, recovered: float) -> float:
    """The least share of strong calls that recovers this part of the quality gap.

    The first crossing of the piecewise linear curve (after Ong et al. 2024, arXiv:2406.18665).

    Args:
        recovered: part of the gap between the weak and the strong model, above 0 to 1 (.5 for
            CPT(50%)).

    Returns:
        0.0 to 1.0, lower is better; a random router needs a share of `recovered`.

    Raises:
        ValueError: `recovered` out of range, or the strong model is not better than the weak one.
    """
    if not 0 < recovered <= 1:
        raise ValueError(f"the part of the gap must be above 0 to 1, not {recovered}")
    if tradeoff.gap <= 0:
        raise ValueError("the strong model is not better than the weak one")
    share, quality = tradeoff.strong_share, tradeoff.quality
    target = float(quality[0]) + recovered * tradeoff.gap
    # Rounding may keep the last corner below a target of the whole gap.
    corner = int(np.argmax(quality >= min(target, float(quality[-1]))))
    part = (target - quality[corner - 1]) / (quality[corner] - quality[corner - 1])
    return float(share[corner - 1] + part * (share[corner] - share[corner - 1]))
