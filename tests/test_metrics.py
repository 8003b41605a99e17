import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray
from sklearn.metrics import roc_auc_score

from adue.errors import DataError
from adue.metrics import auroc, auroc_difference, auroc_interval, require_both, risk_coverage


def noisy_rows(rows: int = 200, seed: int = 0) -> tuple[ndarray, ndarray]:
    draw = np.random.default_rng(seed)
    errors = draw.random(rows) < 0.3
    return errors + draw.normal(size=rows), errors


@given(st.integers(2, 60), st.integers(1, 4), st.integers(0, 2**31))
def test_auroc_equals_scikit_learn_row_by_row_with_ties(rows: int, heads: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    u = draw.integers(0, 5, size=(heads, rows)) / 4
    errors = draw.random((heads, rows)) < 0.5
    errors[:, 0], errors[:, 1] = True, False
    expected = [roc_auc_score(e, scores) for e, scores in zip(errors, u, strict=True)]
    np.testing.assert_allclose(auroc(u, errors), expected, atol=1e-12)


def test_auroc_is_nan_where_a_row_has_one_kind_only() -> None:
    u = np.array([[0.1, 0.2], [0.1, 0.2], [0.1, 0.2]])
    result = auroc(u, np.array([[True, True], [False, False], [False, True]]))
    np.testing.assert_array_equal(result, [np.nan, np.nan, 1.0])


def test_auroc_of_constant_scores_is_a_half() -> None:
    assert auroc(np.zeros(4), np.array([True, False, False, True])) == 0.5


def test_interval_contains_the_value_and_is_the_same_for_the_same_seed() -> None:
    u, errors = noisy_rows()
    first = auroc_interval(u, errors, resamples=200, seed=3)
    assert first.value == pytest.approx(roc_auc_score(errors, u))
    assert first.low < first.value < first.high
    assert auroc_interval(u, errors, resamples=200, seed=3) == first
    assert auroc_interval(u, errors, resamples=200, seed=4) != first


@pytest.mark.parametrize("wrong", [1, 9])
def test_interval_is_nan_with_fewer_than_two_rows_of_a_kind(wrong: int) -> None:
    errors = np.arange(10) < wrong
    result = auroc_interval(np.arange(10.0), errors)
    assert result.value == 0.0
    assert np.isnan([result.low, result.high]).all()


def test_a_score_does_not_differ_from_itself() -> None:
    u, errors = noisy_rows()
    result = auroc_difference(u, u, errors, resamples=200)
    assert (result.value, result.low, result.high) == (0.0, 0.0, 0.0)


def test_a_monotone_change_of_scale_is_no_difference() -> None:
    u, errors = noisy_rows()
    result = auroc_difference(np.exp(u), u, errors, resamples=100)
    assert (result.value, result.low, result.high) == (0.0, 0.0, 0.0)


def test_paired_interval_is_narrower_than_that_of_unrelated_draws() -> None:
    u, errors = noisy_rows()
    almost = u + 0.1 * np.random.default_rng(9).normal(size=len(u))
    paired = auroc_difference(almost, u, errors, resamples=300)
    alone = auroc_interval(u, errors, resamples=300)
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)
    assert paired.value == pytest.approx(roc_auc_score(errors, almost) - roc_auc_score(errors, u))


def test_interval_agrees_with_a_naive_stratified_bootstrap() -> None:
    u, errors = noisy_rows()
    wrong, right, draw = np.flatnonzero(errors), np.flatnonzero(~errors), np.random.default_rng(1)
    values = []
    for _ in range(1500):
        rows = np.concatenate([draw.choice(wrong, len(wrong)), draw.choice(right, len(right))])
        values.append(auroc(u[rows], errors[rows]))
    low, high = np.quantile(values, [0.025, 0.975])
    result = auroc_interval(u, errors, resamples=1500)
    assert result.low == pytest.approx(low, abs=0.01)
    assert result.high == pytest.approx(high, abs=0.01)


def test_risk_coverage_by_hand_with_ties() -> None:
    u = np.array([0.3, 0.1, 0.3, 0.9])
    errors = np.array([True, False, False, True])
    coverage, risk = risk_coverage(u, errors)
    np.testing.assert_allclose(coverage, [1 / 4, 3 / 4, 1])
    np.testing.assert_allclose(risk, [0, 1 / 3, 1 / 2])


@given(st.integers(1, 40), st.integers(0, 2**31))
def test_risk_coverage_ends_at_the_error_rate_and_ignores_the_order_of_rows(rows: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    u, errors, order = draw.integers(0, 4, rows) / 3, draw.random(rows) < 0.4, draw.permutation(rows)
    coverage, risk = risk_coverage(u, errors)
    assert coverage[-1] == 1
    assert risk[-1] == pytest.approx(errors.mean())
    np.testing.assert_allclose(risk_coverage(u[order], errors[order]), (coverage, risk))


def test_require_both_accepts_one_error_among_right_rows() -> None:
    require_both(np.array([True, False]), "test")


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ([], r"the test data has no rows; give at least a few hundred labelled rows"),
        (
            [False] * 5,
            r"AUROC is undefined on the test data: no prediction is wrong in 5 rows; give more rows, or rows .*",
        ),
        (
            [True] * 5,
            r"AUROC is undefined on the test data: every prediction is wrong in 5 rows; check that the labels' .*",
        ),
    ],
)
def test_require_both_says_what_is_missing_and_what_to_do(errors: list[bool], words: str) -> None:
    with pytest.raises(DataError, match=f"^{words}$"):
        require_both(np.array(errors, dtype=bool), "test")
