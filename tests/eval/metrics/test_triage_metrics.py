import numpy as np
import pytest

from eval.metrics.calibration_error import calibration_error
from eval.metrics.macro_f1 import macro_f1

ONES = np.ones(4)


def test_macro_f1_of_known_answers() -> None:
    truth = np.array([0, 0, 1, 2])
    assert macro_f1(truth, truth, ONES) == 1
    # Class 0: 2*1/(2+1), class 1: 2*1/(1+2), class 2 never given.
    assert macro_f1(truth, np.array([0, 1, 1, -1]), ONES) == pytest.approx((2 / 3 + 2 / 3) / 3)


def test_macro_f1_knows_weights() -> None:
    truth, given = np.array([0, 1]), np.array([0, 0])
    assert macro_f1(truth, given, np.array([1.0, 0.0])) == 1
    assert np.isnan(macro_f1(truth, given, np.zeros(2)))


def test_calibration_error_is_the_gap_of_each_bin() -> None:
    confidence = np.array([0.75, 0.75, 0.25, 1.0])
    right = np.array([1.0, 0.0, 0.0, 1.0])
    assert calibration_error(confidence, right, ONES) == pytest.approx((0.5 + 0.25) / 4)
    assert calibration_error(np.ones(4), np.zeros(4), ONES) == 1
    assert np.isnan(calibration_error(confidence, right, np.zeros(4)))
