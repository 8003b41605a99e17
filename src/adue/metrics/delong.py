"""DeLong's test: whether two scores of the same rows differ in AUROC, without a bootstrap."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from adue.foundation.defaults import INTERVAL, MIN_OF_EACH
from adue.foundation.errors import DataError
from adue.metrics.intervals import Interval


@dataclass(frozen=True)
class DifferenceTest:
    """A difference with its 95 % interval and standard error, and the two-sided p-value of there being none."""

    difference: Interval
    standard_error: float
    p_value: float


def delong_test(
    u: Float[ndarray, " rows"], reference: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]
) -> DifferenceTest:
    """Return AUROC(u) - AUROC(reference) on the same rows with its normal 95 % interval and two-sided p-value.

    Two scores that rank every pair alike differ by 0 with p = 1. Where the estimated variance is 0 and the
    difference is not, as when one score is perfect and the other its reverse, interval and p-value are NaN.

    Raises
    ------
    DataError
        With fewer than two errors or fewer than two right predictions: no variance can be estimated.

    Notes
    -----
    DeLong et al. 1988, Biometrics 44, 837; from mid-ranks as in Sun and Xu 2014, IEEE SPL 21, 1389: O(n log n).

    Examples
    --------
    >>> u, reference = np.array([0.1, 0.4, 0.3, 0.9]), np.array([0.1, 0.2, 0.3, 0.9])
    >>> test = delong_test(u, reference, np.array([False, False, True, True]))
    >>> test.difference.value, round(test.p_value, 3)
    (-0.25, 0.48)
    """
    wrong = int(errors.sum())
    right = len(errors) - wrong
    if min(wrong, right) < MIN_OF_EACH:
        raise DataError(
            f"DeLong's test needs at least two wrong and two right predictions, got {wrong} wrong and {right} right; "
            "give more labelled rows"
        )
    mine, theirs = _pairs(u, errors), _pairs(reference, errors)
    beaten, beaten_by = mine[0] - theirs[0], mine[1] - theirs[1]
    # Pairs are counted in halves, which are exact: scores that rank alike have a variance of exactly 0.
    variance = np.var(beaten, ddof=1) / (right**2 * wrong) + np.var(beaten_by, ddof=1) / (wrong**2 * right)
    value = float(beaten.mean() / right)
    return _normal_test(value, float(variance))


def _pairs(u: ndarray, errors: ndarray) -> tuple[ndarray, ndarray]:
    """Return how many right predictions each error ranks above, and how many errors rank above each right one."""
    from scipy.stats import rankdata

    ranks = rankdata(u)
    above = ranks[errors] - rankdata(u[errors])
    return above, errors.sum() - (ranks[~errors] - rankdata(u[~errors]))


def _normal_test(value: float, variance: float) -> DifferenceTest:
    from scipy.stats import norm

    if variance == 0:
        bound, p_value = (0.0, 1.0) if value == 0 else (np.nan, np.nan)
        return DifferenceTest(Interval(value, value - bound, value + bound), 0.0, p_value)
    error = variance**0.5
    reach = float(norm.isf(INTERVAL[0])) * error
    return DifferenceTest(Interval(value, value - reach, value + reach), error, float(2 * norm.sf(abs(value) / error)))
