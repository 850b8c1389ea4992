"""Logistic regression with a ridge penalty, fitted to the last digits by Newton's method."""

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
    """The head that maximises the likelihood of the targets less ridge / 2 * |weights|^2.

    The intercept is not penalised. Targets between 0 and 1 count as that share of a success
    (Papke and Wooldridge 1996, doi:10.1002/(SICI)1099-1255(199611)11:6). Targets that are all
    alike carry nothing to learn: the head is then constant, half a success and half a failure
    away from certainty.

    Args:
        features: shape (n, d), n of 1 or more.
        targets: shape (n,), 0 to 1.
        ridge: above 0.

    Raises:
        ValueError: other shapes, no rows, a target out of range, a penalty that is not above 0.
    """
    n, width = features.shape
    if targets.shape != (n,) or n == 0:
        raise ValueError(f"{features.shape} features do not fit {targets.shape} targets")
    if not (np.isfinite(features).all() and ((targets >= 0) & (targets <= 1)).all()):
        raise ValueError("features must be finite and targets 0 to 1")
    if ridge <= 0:
        raise ValueError(f"the penalty must be above 0, not {ridge}")
    if np.ptp(targets) == 0:
        share = (targets.sum() + 0.5) / (n + 1)
        return Head(np.zeros(width), float(np.log(share / (1 - share))))
    if n >= width:
        return _newton(features, targets, ridge)
    # With more features than rows the weights lie in the span of the rows: solve there.
    basis, triangle = np.linalg.qr(features.T)
    head = _newton(triangle.T, targets, ridge)
    return Head(basis @ head.weights, head.intercept)


def _newton(features: Floats, targets: Floats, ridge: float) -> Head:
    design = np.c_[features, np.ones(len(features))]
    penalty = np.full(design.shape[1], float(ridge))
    penalty[-1] = 0.0
    weights = np.zeros(design.shape[1])
    loss = _loss(design, targets, penalty, weights)
    for _ in range(_MOST_STEPS):
        chance = _sigmoid(design @ weights)
        gradient = design.T @ (chance - targets) + penalty * weights
        spread = chance * (1 - chance)
        curvature = (design.T * spread) @ design
        # A trace of penalty on the intercept keeps the system solvable where all is certain.
        curvature[np.diag_indices_from(curvature)] += penalty + 1e-12
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while (new := _loss(design, targets, penalty, weights - size * step)) > loss:
            size /= 2
            if size < _SHORTEST_STEP:  # only rounding is left to gain
                return Head(weights[:-1], float(weights[-1]))
        weights, loss = weights - size * step, new
        if np.abs(step).max() < _LAST_STEP:
            break
    return Head(weights[:-1], float(weights[-1]))


def _loss(design: Floats, targets: Floats, penalty: Floats, weights: Floats) -> float:
    scores = design @ weights
    likelihood = np.logaddexp(0, scores) - targets * scores
    return float(likelihood.sum() + (penalty * weights * weights).sum() / 2)


def _sigmoid(scores: Floats) -> Floats:
    chance: Floats = 0.5 * (1 + np.tanh(scores / 2))
    return chance
