"""Macro-averaged F1 of weighted items."""

import numpy as np
import numpy.typing as npt

from eval.metrics.tradeoff import Floats


def macro_f1(truth: npt.NDArray[np.intp], given: npt.NDArray[np.intp], weights: Floats) -> float:
    """Mean of each class's F1, so that a rare class counts as much as a frequent one.

    F1 = 2 tp / (2 tp + fp + fn), over the classes that stand in the truth; one that is never
    given counts 0 (Sokolova and Lapalme 2009, doi:10.1016/j.ipm.2009.03.002).

    Args:
        truth: class numbers, shape (n,).
        given: likewise; -1 for an answer that is no class.
        weights: how often each item counts, shape (n,).

    Returns:
        0.0 to 1.0; NaN when no item counts.
    """
    scores = []
    for value in np.unique(truth[weights > 0]):
        is_, said = truth == value, given == value
        both = float(weights[is_ & said].sum())
        scores.append(2 * both / float(weights[is_].sum() + weights[said].sum()))
    return float(np.mean(scores)) if scores else float("nan")
