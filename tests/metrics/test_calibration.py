import numpy as np
import pytest
from hypothesis import given
from numpy import ndarray
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from adue.metrics import ace, brier, ece, nll
from tests.metrics.cases import scored_rows

# Confidences 0.95, 0.95, 0.65, 0.65: two bins of two rows, with accuracies 1 and 1/2.
BY_HAND = (np.array([0.05, 0.05, 0.35, 0.35]), np.array([False, False, False, True]))


def continuous_rows(rows: int) -> tuple[ndarray, ndarray]:
    numbers = np.random.default_rng(3)
    u = numbers.random(rows)
    return u, numbers.random(rows) < u**2


def test_ece_by_hand() -> None:
    assert ece(*BY_HAND) == pytest.approx((2 * 0.05 + 2 * 0.15) / 4)


def test_ece_agrees_with_scikit_learns_reliability_curve() -> None:
    u, errors = continuous_rows(500)
    right, confidence = calibration_curve(~errors, 1 - u, n_bins=15)
    sizes, _ = np.histogram(1 - u, bins=15, range=(0, 1))
    assert ece(u, errors) == pytest.approx(np.average(np.abs(right - confidence), weights=sizes))


def test_ece_takes_the_ends_of_the_scale_in() -> None:
    assert ece(np.array([0.0, 1.0]), np.array([False, True])) == 0.0
    assert ece(np.array([0.0, 1.0]), np.array([True, False])) == 1.0


def test_ace_by_hand() -> None:
    assert ace(*BY_HAND, bins=2) == pytest.approx((0.05 + 0.15) / 2)


def test_ace_by_hand_where_a_border_cuts_a_row() -> None:
    # Three rows in two bins: the middle one counts half on either side. Gaps e - u: -0.1, 0.5, -0.7.
    u, errors = np.array([0.1, 0.5, 0.7]), np.array([False, True, False])
    assert ace(u, errors, bins=2) == pytest.approx((abs(-0.1 + 0.25) + abs(0.25 - 0.7)) / 3)


def test_ace_agrees_with_scikit_learns_quantile_bins_where_rows_divide() -> None:
    u, errors = continuous_rows(600)
    right, confidence = calibration_curve(~errors, 1 - u, n_bins=15, strategy="quantile")
    assert ace(u, errors) == pytest.approx(np.abs(right - confidence).mean())


def test_ace_of_one_tie_is_the_gap_of_all_rows() -> None:
    assert ace(np.full(20, 0.25), np.arange(20) < 10) == pytest.approx(0.25)


def test_brier_and_nll_by_hand() -> None:
    u, errors = np.array([0.2, 0.6]), np.array([False, True])
    assert brier(u, errors) == pytest.approx((0.04 + 0.16) / 2)
    assert nll(u, errors) == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)


def test_brier_agrees_with_scikit_learn() -> None:
    u, errors = continuous_rows(100)
    assert brier(u, errors) == pytest.approx(brier_score_loss(errors, u))


def test_nll_of_a_certain_mistake_is_large_and_finite() -> None:
    assert 30 < nll(np.array([0.0]), np.array([True])) < 40


@given(scored_rows())
def test_a_calibrated_constant_has_no_calibration_error_and_every_error_is_at_most_one(
    rows: tuple[ndarray, ndarray],
) -> None:
    u, errors = rows
    constant = np.full(len(u), errors.mean())
    assert ece(constant, errors) == pytest.approx(0, abs=1e-12)
    assert ace(constant, errors, bins=1) == pytest.approx(0, abs=1e-12)
    assert all(0 <= metric(u, errors) <= 1 for metric in (ece, ace, brier))
