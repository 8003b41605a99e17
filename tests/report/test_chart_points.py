"""Curves keep their shape and stay small."""

import numpy as np
import pytest
from sklearn.metrics import auc, roc_auc_score

from adue.report import chart_points
from tests.report.factory import make_scored


def test_a_thinned_roc_curve_keeps_its_area_and_its_ends() -> None:
    scored = make_scored(rows=20_000)
    curve = chart_points.roc(scored.uncertainty, scored.errors)
    assert len(curve.x) == chart_points.MAX_POINTS
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert auc(curve.x, curve.y) == pytest.approx(roc_auc_score(scored.errors, scored.uncertainty), abs=2e-3)


def test_a_risk_curve_ends_at_the_plain_error_rate() -> None:
    scored = make_scored(rows=20_000)
    curve = chart_points.risk(scored.uncertainty, scored.errors)
    assert len(curve.x) <= chart_points.MAX_POINTS
    assert (curve.x[-1], curve.y[-1]) == (1, pytest.approx(scored.errors.mean()))


def test_a_risk_curve_leaves_out_the_first_few_rows() -> None:
    scored = make_scored(rows=400)
    assert chart_points.risk(scored.uncertainty, scored.errors).x[0] == pytest.approx(
        chart_points.MIN_COVERED_ROWS / 400
    )


def test_a_risk_curve_of_fewer_rows_than_that_still_has_its_end() -> None:
    curve = chart_points.risk(np.array([0.1, 0.5, 0.9]), np.array([False, True, False]))
    assert curve.x.tolist() == [1]


def test_no_ranking_is_below_the_perfect_one() -> None:
    scored = make_scored(rows=2000)
    curve = chart_points.risk(scored.errors + 0.001 * scored.uncertainty, scored.errors)
    perfect = chart_points.perfect_risk(float(scored.errors.mean()))
    np.testing.assert_allclose(np.interp(perfect.x[1:], curve.x, curve.y), perfect.y[1:], atol=2e-3)


def test_risk_at_a_coverage_counts_the_errors_among_the_most_certain_rows() -> None:
    u = np.arange(10.0)
    assert chart_points.risk_at(u, u >= 7, 0.8) == pytest.approx(1 / 8)


def test_risk_at_a_coverage_inside_a_tie_does_not_exist() -> None:
    assert chart_points.risk_at(np.array([0.0, 1, 1, 1, 1]), np.array([False, True, False, False, False]), 0.6) is None


def test_calibration_of_honest_confidence_lies_on_the_diagonal() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 50_000)
    curve = chart_points.calibration(confidence, rng.random(50_000) > confidence)
    assert len(curve.x) == chart_points.CALIBRATION_GROUPS
    np.testing.assert_allclose(curve.x, curve.y, atol=0.02)


@pytest.mark.parametrize("wrong", [False, True])
def test_calibration_without_both_kinds_of_rows_is_flat(wrong: bool) -> None:
    curve = chart_points.calibration(np.linspace(0.5, 1, 30), np.full(30, wrong))
    assert set(curve.y.tolist()) == {float(not wrong)}


def test_calibration_accepts_confidence_a_rounding_error_above_one() -> None:
    assert chart_points.calibration(np.array([0.7, 1 + 1e-7]), np.array([True, False])).x[-1] == 1


def test_a_histogram_adds_up_to_one_and_holds_both_ends() -> None:
    bars = chart_points.histogram(np.array([0.0, 0.01, 0.5, 1.0]))
    assert bars.y.sum() == pytest.approx(1)
    assert (bars.y[0], bars.y[-1]) == (0.5, 0.25)
