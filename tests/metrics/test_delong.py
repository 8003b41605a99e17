import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray
from scipy.stats import norm

from adue.foundation.errors import DataError
from adue.metrics import auroc, auroc_difference, delong_test
from tests.metrics.cases import scored_rows


def two_scores(rows: int, seed: int, *, apart: float = 0.0) -> tuple[ndarray, ndarray, ndarray]:
    """Return two scores of the same strength that share half of their noise; the first one better by `apart`."""
    numbers = np.random.default_rng(seed)
    errors, shared = numbers.random(rows) < 0.3, numbers.normal(size=rows)
    first, second = (errors + shared + numbers.normal(size=rows) for _ in range(2))
    return first + apart * errors, second, errors


def test_difference_and_p_value_by_hand() -> None:
    # Right rows at 1 and 3, wrong rows at 2 and 4: 1 and 2 right rows below them; the reference has 2 and 2.
    # Over wrong rows the difference in pairs is -1, 0 (variance 1/2), over right rows 0, -1 (variance 1/2).
    u, reference = np.array([1.0, 3.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0, 4.0])
    found = delong_test(u, reference, np.array([False, False, True, True]))
    error = np.sqrt(1 / 2 / (4 * 2) + 1 / 2 / (4 * 2))
    assert found.difference.value == -0.25
    assert found.difference.low == pytest.approx(-0.25 - 1.959964 * error)
    assert found.difference.high == pytest.approx(-0.25 + 1.959964 * error)
    assert found.p_value == pytest.approx(2 * norm.cdf(-0.25 / error))


@given(scored_rows(), st.integers(0, 2**31))
def test_it_is_the_variance_of_all_pairs(rows: tuple[ndarray, ndarray], seed: int) -> None:
    u, errors = rows
    reference = np.random.default_rng(seed).integers(0, 6, len(u)) / 5

    def pairs(scores: ndarray) -> ndarray:
        return np.asarray(np.heaviside(scores[errors][:, np.newaxis] - scores[~errors], 0.5))

    difference = pairs(u) - pairs(reference)
    variance = sum(np.var(difference.mean(axis=1 - axis), ddof=1) / difference.shape[axis] for axis in (0, 1))
    found = delong_test(u, reference, errors)
    assert found.difference.value == pytest.approx(difference.mean(), abs=1e-12)
    assert found.difference.value == pytest.approx(float(auroc(u, errors) - auroc(reference, errors)), abs=1e-12)
    if variance > 1e-12:
        assert found.difference.high - found.difference.low == pytest.approx(2 * 1.959964 * variance**0.5)


def test_the_interval_agrees_with_the_paired_bootstrap() -> None:
    u, reference, errors = two_scores(800, seed=0)
    test, bootstrap = delong_test(u, reference, errors).difference, auroc_difference(u, reference, errors)
    assert test.value == pytest.approx(bootstrap.value)
    assert test.low == pytest.approx(bootstrap.low, abs=0.006)
    assert test.high == pytest.approx(bootstrap.high, abs=0.006)


def test_equal_scores_are_called_different_in_one_of_twenty_draws_and_unequal_ones_in_most() -> None:
    equal = [delong_test(*two_scores(200, seed)).p_value < 0.05 for seed in range(400)]
    unequal = [delong_test(*two_scores(200, seed, apart=0.8)).p_value < 0.05 for seed in range(100)]
    assert 0.02 < np.mean(equal) < 0.09
    assert np.mean(unequal) > 0.8


def test_scores_that_rank_alike_do_not_differ() -> None:
    u, _, errors = two_scores(300, seed=1)
    found = delong_test(np.exp(u), u, errors)
    assert (found.difference.value, found.difference.low, found.difference.high, found.p_value) == (0, 0, 0, 1)


def test_swapping_the_scores_swaps_the_sign() -> None:
    u, reference, errors = two_scores(100, seed=2)
    there, back = delong_test(u, reference, errors), delong_test(reference, u, errors)
    assert there.p_value == pytest.approx(back.p_value)
    assert there.difference.low == pytest.approx(-back.difference.high)


def test_a_perfect_score_against_its_reverse_has_no_variance_to_test_with() -> None:
    errors = np.array([False, False, True, True])
    found = delong_test(errors.astype(float), -errors.astype(float), errors)
    assert found.difference.value == 1
    assert np.isnan([found.p_value, found.difference.low, found.difference.high]).all()


def test_one_error_is_not_enough() -> None:
    words = (
        r"^DeLong's test needs at least two wrong and two right predictions, got 1 wrong and 2 right; "
        r"give more labelled rows$"
    )
    u = np.array([0.1, 0.2, 0.3])
    with pytest.raises(DataError, match=words):
        delong_test(u, u, np.array([False, False, True]))
