from dataclasses import asdict, fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray

from adue.foundation.errors import DataError
from adue.metrics import METRICS, MetricValues, evaluate_scores
from tests.metrics.cases import scored_rows

RANKING = [name for name, metric in METRICS.items() if not metric.of_probability]
HALF_WRONG = np.array([True, True, False, False])


def test_the_fields_are_the_metrics_between_the_counts_and_the_reason() -> None:
    names = [field.name for field in fields(MetricValues)]
    assert names == ["n", "errors", "accuracy", *METRICS, "reason"]


def test_counts_and_accuracy_are_always_there() -> None:
    values = evaluate_scores(np.array([0.1, 0.2, 0.3, 0.9]), np.array([False, False, False, True]))
    assert (values.n, values.errors, values.accuracy) == (4, 1, 0.75)


def test_a_score_that_is_no_probability_has_every_ranking_metric_and_no_calibration() -> None:
    values = asdict(evaluate_scores(np.array([7.0, -1.0, 3.0, -5.0]), HALF_WRONG))
    assert values["reason"] is None
    assert np.isfinite([values[name] for name in RANKING]).all()
    assert np.isnan([values[name] for name in ("ece", "ace", "brier", "nll")]).all()


def test_a_probability_has_every_metric() -> None:
    u = np.array([0.9, 0.1, 0.4, 0.2])
    values = asdict(evaluate_scores(u, HALF_WRONG, probability=u))
    assert np.isfinite([values[name] for name in METRICS]).all()
    assert values["brier"] == pytest.approx((0.01 + 0.81 + 0.16 + 0.04) / 4)


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ([], "no rows; metrics need at least two wrong and two right predictions"),
        ([0, 0, 0], "0 of 3 predictions wrong; metrics need at least two: give more labelled rows"),
        ([0, 1, 0], "1 of 3 predictions wrong; metrics need at least two: give more labelled rows"),
        ([1, 1, 0], "1 of 3 predictions right; metrics need at least two: check that labels and id2label match"),
    ],
)
def test_too_few_rows_of_a_kind_give_nan_and_the_reason(errors: list[int], reason: str) -> None:
    u = np.linspace(0, 1, len(errors))
    values = asdict(evaluate_scores(u, np.array(errors, dtype=bool), probability=u))
    assert np.isnan([values[name] for name in METRICS]).all()
    assert (values["reason"], values["n"], values["errors"]) == (reason, len(errors), sum(errors))


def test_a_score_that_is_not_finite_is_refused() -> None:
    words = r"^u holds NaN or infinite values in 2 of 4 rows \(first: row 1\); metrics need a finite u: look for .*$"
    with pytest.raises(DataError, match=words):
        evaluate_scores(np.array([0.1, np.nan, 0.2, np.inf]), HALF_WRONG)


def test_a_probability_outside_its_range_is_refused() -> None:
    words = (
        r"^the probability of an error lies in 0.1..1.2, but a probability lies in 0..1; leave probability out, or "
        r"calibrate it first$"
    )
    with pytest.raises(DataError, match=words):
        evaluate_scores(np.array([0.1, 1.2, 0.2, 0.4]), HALF_WRONG, probability=np.array([0.1, 1.2, 0.2, 0.4]))


def test_a_probability_that_is_not_finite_is_refused() -> None:
    with pytest.raises(DataError, match=r"^probability holds NaN or infinite values in 1 of 4 rows \(first: row 1\)"):
        evaluate_scores(np.arange(4.0), HALF_WRONG, probability=np.array([0.1, np.nan, 0.2, 0.4]))


def test_a_score_on_another_scale_is_ranked_by_itself_and_calibrated_by_its_probability() -> None:
    probability = np.array([0.4, 0.1, 0.3, 0.2])
    values = asdict(evaluate_scores(2 * probability, HALF_WRONG, probability=probability))
    assert values == asdict(evaluate_scores(probability, HALF_WRONG, probability=probability))


def test_a_probability_may_be_off_by_the_rounding_of_single_precision() -> None:
    u = np.array([1.0000001, 0.9, -1e-7, 0.1], dtype=np.float32)
    rounded = np.array([1.0, 0.9, 0.0, 0.1], dtype=np.float32)
    assert evaluate_scores(u, HALF_WRONG, probability=u) == evaluate_scores(rounded, HALF_WRONG, probability=rounded)


def test_single_precision_is_judged_as_double_precision() -> None:
    u = np.array([0.0, 1.0, 0.25, 0.5])
    single = u.astype(np.float32)
    assert evaluate_scores(single, HALF_WRONG, probability=single) == evaluate_scores(u, HALF_WRONG, probability=u)


@given(scored_rows(), st.integers(0, 2**31))
def test_the_order_of_rows_does_not_matter(rows: tuple[ndarray, ndarray], seed: int) -> None:
    u, errors = rows
    order = np.random.default_rng(seed).permutation(len(u))
    values = asdict(evaluate_scores(u, errors, probability=u))
    assert asdict(evaluate_scores(u[order], errors[order], probability=u[order])) == pytest.approx(values)


@given(scored_rows())
def test_a_monotone_change_of_scale_changes_no_ranking_metric(rows: tuple[ndarray, ndarray]) -> None:
    u, errors = rows
    before, after = (asdict(evaluate_scores(scores, errors)) for scores in (u, 3 * np.exp(2 * u) - 40))
    assert {name: after[name] for name in RANKING} == {name: before[name] for name in RANKING}


@given(scored_rows(), st.booleans())
def test_every_metric_lies_between_those_of_the_perfect_and_the_reversed_score(
    rows: tuple[ndarray, ndarray], ties: bool
) -> None:
    u, errors = rows
    steps = np.arange(len(u)) / (2 * len(u))
    best, between, worst = (
        asdict(evaluate_scores(x, errors)) for x in (errors + steps, u if ties else u + steps / 100, steps - errors)
    )
    # These two conventions join the points of a curve by straight lines, which flatters ties.
    for name in set(RANKING) - ({"aurc", "e_aurc"} if ties else set()):
        low, high = sorted([best[name], worst[name]])
        assert low - 1e-9 <= between[name] <= high + 1e-9, name
    assert best["aupr_error"] == pytest.approx(1)
    assert (best["auroc"], best["fpr95"], worst["auroc"]) == (1, 0, 0)


def test_a_random_score_is_worth_nothing() -> None:
    numbers = np.random.default_rng(0)
    errors = numbers.random(40_000) < 0.2
    values = evaluate_scores(numbers.random(40_000), errors)
    found = [values.auroc, values.aupr_error, values.fpr95, values.aurc, values.prr, values.accuracy_80]
    np.testing.assert_allclose(found, [0.5, 0.2, 0.95, 0.2, 0.0, 0.8], atol=0.015)


@pytest.mark.parametrize("name", list(METRICS))
def test_the_better_direction_is_that_of_the_better_score(name: str) -> None:
    errors = np.arange(100) < 30
    good = np.where(errors, 0.7, 0.1) + np.linspace(0, 0.2, 100)
    bad = 1 - good
    values = [getattr(evaluate_scores(u, errors, probability=u), name) for u in (good, bad)]
    assert (values[0] > values[1]) == METRICS[name].higher_is_better
