import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray
from sklearn.metrics import average_precision_score, roc_auc_score

from adue.foundation.errors import DataError
from adue.metrics import aupr_error, auroc, fpr95, require_both
from tests.metrics.cases import scored_rows


@given(st.integers(2, 60), st.integers(1, 4), st.integers(0, 2**31))
def test_auroc_equals_scikit_learn_row_by_row_with_ties(rows: int, heads: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    u = draw.integers(0, 5, size=(heads, rows)) / 4
    errors = draw.random(rows) < 0.5
    errors[0], errors[1] = True, False
    expected = [roc_auc_score(errors, scores) for scores in u]
    np.testing.assert_allclose(auroc(u, errors), expected, atol=1e-12)


@pytest.mark.parametrize("errors", [[True, True], [False, False]])
def test_auroc_is_nan_where_there_is_one_kind_only(errors: list[bool]) -> None:
    np.testing.assert_array_equal(auroc(np.array([[0.1, 0.2], [0.3, 0.2]]), np.array(errors)), [np.nan, np.nan])


def test_auroc_is_nan_for_the_scores_of_a_stack_that_hold_nan() -> None:
    u = np.array([[0.1, 0.2], [np.nan, 0.2], [0.1, np.nan]])
    np.testing.assert_array_equal(auroc(u, np.array([False, True])), [1.0, np.nan, np.nan])


def test_auroc_of_constant_scores_is_a_half() -> None:
    assert auroc(np.zeros(4), np.array([True, False, False, True])) == 0.5


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


def test_aupr_error_by_hand_with_a_tie() -> None:
    # Thresholds 0.9, 0.5, 0.1 flag 1, 3, 4 rows, of which 1, 2, 2 are wrong: precision 1 and 2/3, recall 1/2 and 1.
    u = np.array([0.9, 0.5, 0.5, 0.1])
    assert aupr_error(u, np.array([True, True, False, False])) == pytest.approx(1 / 2 + 2 / 3 / 2)


@given(scored_rows())
def test_aupr_error_is_scikit_learns_average_precision_and_a_constant_gets_the_error_rate(
    rows: tuple[ndarray, ndarray],
) -> None:
    u, errors = rows
    assert aupr_error(u, errors) == average_precision_score(errors, u)
    assert aupr_error(np.zeros(len(u)), errors) == pytest.approx(errors.mean())


def test_fpr95_by_hand_flags_ties_together() -> None:
    u = np.array([0.9, 0.5, 0.5, 0.1, 0.0])
    assert fpr95(u, np.array([True, True, False, False, False])) == pytest.approx(1 / 3)


def test_fpr95_lets_one_error_in_twenty_go_and_not_one_in_nineteen() -> None:
    # The lowest u belongs to an error; the row above it is right.
    for wrong, expected in ((20, 0.0), (19, 1.0)):
        u = np.concatenate([[0.0], np.linspace(0.5, 1, wrong - 1), [0.1]])
        assert fpr95(u, np.arange(wrong + 1) < wrong) == expected


@given(scored_rows())
def test_fpr95_is_the_best_of_all_thresholds(rows: tuple[ndarray, ndarray]) -> None:
    u, errors = rows
    flagged = u >= np.unique(u)[:, np.newaxis]
    enough = flagged[:, errors].mean(axis=1) >= 0.95
    assert fpr95(u, errors) == pytest.approx(flagged[enough][:, ~errors].mean(axis=1).min())


def test_metrics_of_one_kind_of_rows_are_nan() -> None:
    u = np.array([0.1, 0.2])
    assert np.isnan(fpr95(u, np.array([True, True])))
    assert np.isnan(fpr95(u, np.array([False, False])))
    assert np.isnan(aupr_error(u, np.array([False, False])))
