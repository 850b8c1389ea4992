"""How far confidence is from the truth."""

import numpy as np

from eval.metrics.tradeoff import Floats

BINS = 10


def calibration_error(confidence: Floats, right: Floats, weights: Floats) -> float:
    """Expected calibration error (Guo et al. 2017, arXiv:1706.04599), bins of equal width.

    The mean over items of |share right - mean confidence| of the item's bin.

    Args:
        confidence: 0 to 1, shape (n,).
        right: 0 or 1, shape (n,).
        weights: how often each item counts, shape (n,).

    Returns:
        0.0 to 1.0; NaN when no item counts.
    """
    total = weights.sum()
    if not total:
        return float("nan")
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights * (right - confidence), minlength=BINS)
    return float(np.abs(gaps).sum() / total)
