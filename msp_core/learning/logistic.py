"""Logistic regression with a ridge penalty, fitted to the last digits by Newton's method."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_MOST_STEPS = 100
_SHORTEST_STEP = 1e-6
_LAST_STEP = 1e-7  # Newton's error is squared by each step: after this one only rounding is left


@dataclass(frozen=True, eq=False)
class Head:
    """A probability that is linear in the features on the scale of log odds.

    Attributes:
        weights: shape (d,).
    """

    weights: Floats
    intercept: float

    def probability(self, features: Floats) -> Floats:
        """Of each row, shape (n,), for features of shape (n, d)."""
        return _sigmoid(features @ self.weights + self.intercept)


def fit_head(features: Floats, targets: Floats, *, ridge: float) -> Head:
    """The head for one penalty; see `fit_heads`."""
    return fit_heads(features, targets, ridges=[ridge])[0]


def fit_heads(features: Floats, targets: Floats, *, ridges: Sequence[float]) -> list[Head]:
    """For each penalty the head of the greatest likelihood less ridge / 2 * |weights|^2.

    The intercept is not penalised. Targets between 0 and 1 count as that share of a success
    (Papke and Wooldridge 1996, doi:10.1002/(SICI)1099-1255(199611)11:6). Targets that are all
    alike carry nothing to learn: the head is then constant, half a success and half a failure
    away from certainty.

    Args:
        features: shape (n, d), n of 1 or more.
        targets: shape (n,), 0 to 1.
        ridges: above 0, in any order; a falling one is quickest.

    Raises:
        ValueError: other shapes, no rows, a target out of range, a penalty that is not above 0.
    """
    if targets.shape != features.shape[:1]:
        raise ValueError(f"{features.shape} features do not fit {targets.shape} targets")
    return [heads[0] for heads in fit_columns(features, targets[:, None], ridges=ridges)]


def fit_columns(
    features: Floats, targets: Floats, *, ridges: Sequence[float]
) -> list[tuple[Head, ...]]:
    """For each penalty a head for each column of the targets; see `fit_heads`.

    Args:
        features: shape (n, d), n of 1 or more.
        targets: shape (n, c), 0 to 1.
        ridges: see `fit_heads`.

    Raises:
        ValueError: see `fit_heads`.
    """
    n, width = features.shape
    if len(targets) != n or n == 0:
        raise ValueError(f"{features.shape} features do not fit {targets.shape} targets")
    if not (np.isfinite(features).all() and ((targets >= 0) & (targets <= 1)).all()):
        raise ValueError("features must be finite and targets 0 to 1")
    if min(ridges) <= 0:
        raise ValueError(f"the penalties must be above 0, not {list(ridges)}")
    basis = None
    if n < width:
        # With more features than rows the weights lie in the span of the rows: solve there.
        basis, triangle = np.linalg.qr(features.T)
        features = triangle.T
    design = np.c_[features, np.ones(n)]
    columns = [_fit_column(design, column, ridges, basis) for column in targets.T]
    return list(zip(*columns, strict=True))


def _fit_column(
    design: Floats, targets: Floats, ridges: Sequence[float], basis: Floats | None
) -> list[Head]:
    """The heads of one column, one per penalty; `basis` leads back to the features."""
    if np.ptp(targets) == 0:
        share = (targets.sum() + 0.5) / (len(targets) + 1)
        width = design.shape[1] - 1 if basis is None else len(basis)
        return [Head(np.zeros(width), float(np.log(share / (1 - share))))] * len(ridges)
    weights = np.zeros(design.shape[1])
    heads = []
    for ridge in ridges:
        weights = _newton(design, targets, ridge, weights)
        slopes = weights[:-1] if basis is None else basis @ weights[:-1]
        heads.append(Head(slopes, float(weights[-1])))
    return heads


def _newton(design: Floats, targets: Floats, ridge: float, start: Floats) -> Floats:
    penalty = np.full(design.shape[1], float(ridge))
    penalty[-1] = 0.0
    weights, loss = start, _loss(design, targets, penalty, start)
    for _ in range(_MOST_STEPS):
        chance = _sigmoid(design @ weights)
        gradient = design.T @ (chance - targets) + penalty * weights
        curvature = (design.T * (chance * (1 - chance))) @ design
        # A trace of penalty on the intercept keeps the system solvable where all is certain.
        curvature[np.diag_indices_from(curvature)] += penalty + 1e-12
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while (new := _loss(design, targets, penalty, weights - size * step)) > loss:
            size /= 2
            if size < _SHORTEST_STEP:  # only rounding is left to gain
                return weights
        weights, loss = weights - size * step, new
        if np.abs(step).max() < _LAST_STEP:
            break
    return weights


def _loss(design: Floats, targets: Floats, penalty: Floats, weights: Floats) -> float:
    scores = design @ weights
    likelihood = np.logaddexp(0, scores) - targets * scores
    return float(likelihood.sum() + (penalty * weights * weights).sum() / 2)


def _sigmoid(scores: Floats) -> Floats:
    chance: Floats = 0.5 * (1 + np.tanh(scores / 2))
    return chance
