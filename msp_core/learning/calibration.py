"""Confidence that means what it says, and the confidence from which on to speak."""

import numpy as np
import numpy.typing as npt

from msp_core.learning.logistic import Floats

LEAST_ABOVE = 20
"""A share of fewer rows than this says too little to choose a threshold on."""
NEVER = 2.0
"""A threshold that no confidence reaches."""
_TEMPERATURES = np.geomspace(0.25, 4.0, 33)


def probabilities(log_odds: Floats, temperature: float) -> Floats:
    """Of each class, shape as given: the softmax of the scores over the temperature.

    Args:
        log_odds: shape (n, classes).
        temperature: above 0; above 1 lowers confidence.
    """
    scaled = log_odds / temperature
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=1, keepdims=True)
    return shares


def log_loss(shares: Floats, truth: npt.NDArray[np.intp]) -> float:
    """Mean of -log of the probability that the true class got, 0 or more.

    Args:
        shares: shape (n, classes).
        truth: the place of the true class, shape (n,); -1 for a class that was not known.
    """
    known = np.where(truth >= 0, shares[np.arange(len(truth)), np.maximum(truth, 0)], 0.0)
    return float(-np.log(np.maximum(known, 1e-9)).mean())


def fit_temperature(log_odds: Floats, truth: npt.NDArray[np.intp]) -> float:
    """The temperature of the least log loss (Guo et al. 2017, arXiv:1706.04599), 0.25 to 4.

    Args:
        log_odds: out of fold, or the fit calls itself right.
    """
    losses = [log_loss(probabilities(log_odds, float(t)), truth) for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


def threshold_for_precision(
    confidence: Floats, right: npt.NDArray[np.bool_], precision: float
) -> float:
    """The lowest confidence from which on this share of the rows is right; `NEVER` if none is.

    A plug-in choice on these rows, of which `LEAST_ABOVE` must lie above it: other rows have no
    guarantee.

    Args:
        confidence: shape (n,), 0 to 1, out of fold.
        right: shape (n,).
        precision: 0 to 1.
    """
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    last_of_equals = np.r_[falling[:-1] != falling[1:], True]
    good = (shares >= precision) & last_of_equals
    good[: LEAST_ABOVE - 1] = False
    return float(falling[np.flatnonzero(good)[-1]]) if good.any() else NEVER
