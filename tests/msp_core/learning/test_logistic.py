import numpy as np
import pytest

from msp_core.learning.logistic import fit_head, fit_heads

GENERATOR = np.random.default_rng(4)
FEATURES = GENERATOR.normal(size=(60, 5))
TARGETS = (FEATURES[:, 0] + GENERATOR.normal(size=60) > 0).astype(float)


def slope_of_loss(features: np.ndarray, targets: np.ndarray, ridge: float) -> np.ndarray:
    head = fit_head(features, targets, ridge=ridge)
    error = head.probability(features) - targets
    return np.r_[features.T @ error + ridge * head.weights, error.sum()]


@pytest.mark.parametrize("ridge", [0.01, 1.0, 100.0])
def test_the_loss_is_level_at_the_fit(ridge: float) -> None:
    assert np.abs(slope_of_loss(FEATURES, TARGETS, ridge)).max() < 1e-9


def test_shares_are_targets_too() -> None:
    assert np.abs(slope_of_loss(FEATURES, GENERATOR.random(60), 1.0)).max() < 1e-9


def test_more_features_than_rows() -> None:
    wide = GENERATOR.normal(size=(60, 200))
    assert np.abs(slope_of_loss(wide, TARGETS, 5.0)).max() < 1e-9


def test_a_path_of_penalties_is_each_of_them() -> None:
    path = fit_heads(FEATURES, TARGETS, ridges=[100.0, 10.0, 1.0])
    alone = [fit_head(FEATURES, TARGETS, ridge=ridge) for ridge in (100.0, 10.0, 1.0)]
    for one, other in zip(path, alone, strict=True):
        assert one.weights == pytest.approx(other.weights, abs=1e-10)
        assert one.intercept == pytest.approx(other.intercept, abs=1e-10)


def test_targets_that_are_separable_stay_finite() -> None:
    head = fit_head(FEATURES, (FEATURES[:, 1] > 0).astype(float), ridge=1e-3)
    assert np.isfinite(head.weights).all()


def test_targets_all_alike_give_a_constant_short_of_certain() -> None:
    head = fit_head(FEATURES, np.ones(60), ridge=1.0)
    assert not head.weights.any()
    assert head.probability(FEATURES) == pytest.approx(60.5 / 61)


@pytest.mark.parametrize(
    ("features", "targets", "ridge"),
    [
        (FEATURES, TARGETS[:-1], 1.0),
        (FEATURES[:0], TARGETS[:0], 1.0),
        (FEATURES, TARGETS + 0.5, 1.0),
        (FEATURES * np.nan, TARGETS, 1.0),
        (FEATURES, TARGETS, 0.0),
    ],
)
def test_what_cannot_be_fitted(features: np.ndarray, targets: np.ndarray, ridge: float) -> None:
    with pytest.raises(ValueError, match=r"targets|penalties"):
        fit_head(features, targets, ridge=ridge)
