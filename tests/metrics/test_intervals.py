import numpy as np
import pytest
from numpy import ndarray
from sklearn.metrics import roc_auc_score

from adue.metrics import auroc, auroc_difference, auroc_interval


def noisy_rows(rows: int = 200, seed: int = 0) -> tuple[ndarray, ndarray]:
    draw = np.random.default_rng(seed)
    errors = draw.random(rows) < 0.3
    return errors + draw.normal(size=rows), errors


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
