import numpy as np
import pytest

from msp_core.learning.calibration import (
    NEVER,
    fit_temperature,
    log_loss,
    probabilities,
    threshold_for_precision,
)


def test_shares_add_up_and_a_temperature_softens_them() -> None:
    scores = np.array([[800.0, 0.0, -800.0], [1.0, 1.0, 1.0]])
    shares = probabilities(scores, 1.0)
    assert shares.sum(axis=1) == pytest.approx([1, 1])
    assert shares[1] == pytest.approx([1 / 3] * 3)
    one = np.array([[2.0, 0.0]])
    assert probabilities(one, 2.0)[0, 0] < probabilities(one, 1.0)[0, 0]


def test_the_temperature_undoes_too_much_confidence() -> None:
    generator = np.random.default_rng(3)
    true = generator.normal(size=(4000, 2)) * 1.5
    truth = (generator.random(4000) < probabilities(true, 1.0)[:, 1]).astype(np.intp)
    assert fit_temperature(true * 2, truth) == pytest.approx(2, rel=0.15)


def test_a_class_that_was_not_known_costs_much_and_not_all() -> None:
    loss = log_loss(np.array([[0.5, 0.5]]), np.array([-1]))
    assert 20 < loss < 21


def test_the_lowest_confidence_that_keeps_the_promise() -> None:
    confidence = np.linspace(1, 0.01, 100)
    right = np.arange(100) < 40
    assert threshold_for_precision(confidence, right, 0.8) == pytest.approx(confidence[49])
    assert threshold_for_precision(confidence, ~right, 0.8) == NEVER


def test_equal_confidences_stand_or_fall_together() -> None:
    confidence = np.r_[np.full(20, 0.9), np.full(20, 0.5)]
    right = np.r_[np.full(20, True), np.full(10, True), np.full(10, False)]
    assert threshold_for_precision(confidence, right, 0.9) == 0.9


def test_few_rows_promise_nothing() -> None:
    assert threshold_for_precision(np.full(19, 0.9), np.full(19, True), 0.5) == NEVER
