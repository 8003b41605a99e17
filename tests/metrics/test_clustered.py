import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from adue.metrics import auroc, compare_auroc, compare_clustered_auroc


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    errors = draw.random((60, 3)) < 0.3
    return np.stack([draw.random((60, 3)), draw.random((60, 3)) + 0.5 * errors]), errors


def test_the_value_is_the_auroc_over_all_answers(rows: tuple[np.ndarray, np.ndarray]) -> None:
    u, errors = rows
    first, second = compare_clustered_auroc(u, errors, resamples=100)
    assert second.auroc.value == auroc(u[1].ravel(), errors.ravel())
    assert second.difference.value == second.auroc.value - first.auroc.value
    assert first.difference.low == first.difference.high == 0


def test_draws_are_whole_rows_with_all_of_their_answers(rows: tuple[np.ndarray, np.ndarray]) -> None:
    u, errors = rows
    found = compare_clustered_auroc(u.round(1), errors, resamples=100, seed=3)[1].auroc
    taken = np.random.default_rng(3).integers(60, size=(100, 60))
    drawn = [roc_auc_score(errors[rows].ravel(), u[1].round(1)[rows].ravel()) for rows in taken]
    np.testing.assert_allclose([found.low, found.high], np.quantile(drawn, [0.025, 0.975]))


def test_answers_that_only_repeat_each_other_do_not_narrow_the_interval(rows: tuple[np.ndarray, np.ndarray]) -> None:
    u, errors = rows[0][:, :, :1], rows[1][:, :1]
    once = compare_clustered_auroc(u, errors)[1].auroc
    repeated = compare_clustered_auroc(u.repeat(5, axis=2), errors.repeat(5, axis=1))[1].auroc
    as_if_apart = compare_auroc(u.repeat(5, axis=2).reshape(2, -1), errors.repeat(5, axis=1).ravel())[1].auroc
    assert (repeated.low, repeated.high) == pytest.approx((once.low, once.high))
    assert as_if_apart.high - as_if_apart.low < 0.7 * (repeated.high - repeated.low)


def test_there_is_no_interval_where_one_row_holds_all_errors() -> None:
    errors = np.zeros((5, 2), dtype=bool)
    errors[2] = True
    assert np.isnan(compare_clustered_auroc(np.random.default_rng(0).random((1, 5, 2)), errors)[0].auroc.low)
