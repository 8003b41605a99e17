"""Tests over cells: Wilcoxon's signed ranks with Holm's correction, Friedman's test, Nemenyi's critical difference.

Demsar 2006, JMLR 7, 1. All take cells as independent; seeds of the same task are not quite, so average them first
where a verdict is to hold for new tasks.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from adue.foundation.errors import DataError, MissingExtraError
from adue.metrics.cells import complete_cells

MIN_METHODS = 3
"""Friedman's test of two methods is the sign test, of which scipy has a better form."""


@dataclass(frozen=True)
class SignedRankTests:
    """Every method against the reference; entries of the reference itself are NaN, of 0 cells.

    Attributes
    ----------
    cells
        In how many cells both were measured.
    median_difference
        Of value minus the reference's value, over these cells.
    p_values
        Two-sided.
    adjusted
        The same after Holm's correction for all methods that were tested together.
    """

    cells: Int[ndarray, " methods"]
    median_difference: Float[ndarray, " methods"]
    p_values: Float[ndarray, " methods"]
    adjusted: Float[ndarray, " methods"]


def wilcoxon_holm(values: Float[ndarray, "methods cells"], *, reference: int = 0) -> SignedRankTests:
    """Return Wilcoxon's signed-rank test of every method against `reference` over cells, corrected after Holm.

    A pair is tested on the cells where both have a value. Cells without a difference are split between the two sides;
    a method that never differs has p = 1.

    Raises
    ------
    MissingExtraError
        When statsmodels is not installed.

    Examples
    --------
    >>> steps = np.arange(6) / 100
    >>> tests = wilcoxon_holm(np.stack([steps, steps + 0.1 + steps, steps - 0.1]))
    >>> tests.p_values.tolist(), tests.adjusted.tolist()
    ([nan, 0.03125, 0.03125], [nan, 0.0625, 0.0625])
    """
    differences = values - values[reference]
    pairs = [row[~np.isnan(row)] for row in differences]
    pairs[reference] = np.empty(0)
    p_values = np.array([_signed_rank_p(pair) for pair in pairs])
    return SignedRankTests(
        cells=np.array([len(pair) for pair in pairs]),
        median_difference=np.array([np.median(pair) if len(pair) else np.nan for pair in pairs]),
        p_values=p_values,
        adjusted=holm(p_values),
    )


def _signed_rank_p(differences: ndarray) -> float:
    from scipy.stats import wilcoxon

    if len(differences) < 2:  # noqa: PLR2004 - one cell shows nothing, and scipy refuses it where there is no difference
        return 1.0 if len(differences) else np.nan
    return float(wilcoxon(differences, zero_method="zsplit").pvalue)


def holm(p_values: Float[ndarray, " tests"]) -> Float[ndarray, " tests"]:
    """Return p-values corrected for their number by Holm's step-down method; NaN stays and does not count.

    Raises
    ------
    MissingExtraError
        When statsmodels is not installed.

    Examples
    --------
    >>> holm(np.array([0.01, np.nan, 0.04])).tolist()
    [0.02, nan, 0.04]
    """
    try:
        # An optional package.
        from statsmodels.stats.multitest import multipletests
    except ImportError as error:
        raise MissingExtraError(
            'Holm\'s correction needs the package statsmodels; run pip install "adue[benchmark]"'
        ) from error
    tested = ~np.isnan(p_values)
    adjusted = np.full_like(p_values, np.nan)
    if tested.any():
        adjusted[tested] = multipletests(p_values[tested], method="holm")[1]
    return adjusted


@dataclass(frozen=True)
class FriedmanTest:
    """Whether any method ranks differently from the others; `cells` counts the complete cells that it is tested on."""

    statistic: float
    p_value: float
    cells: int


def friedman_test(values: Float[ndarray, "methods cells"]) -> FriedmanTest:
    """Return Friedman's chi-squared test over the cells where every method has a value.

    Raises
    ------
    DataError
        With fewer than three methods or fewer than two complete cells.

    Examples
    --------
    >>> friedman_test(np.array([[3.0, 3.0, 3.0], [2.0, 2.0, 2.0], [1.0, 1.0, 1.0]])).statistic
    6.0
    """
    from scipy.stats import friedmanchisquare

    complete = values[:, complete_cells(values)]
    methods, cells = complete.shape
    if methods < MIN_METHODS or cells < 2:  # noqa: PLR2004
        raise DataError(
            f"Friedman's test needs at least 3 methods and 2 cells in which all of them have a value, got {methods} "
            f"and {cells}; leave out methods that are rarely measured, or run more cells"
        )
    if (complete == complete[0]).all():
        return FriedmanTest(0.0, 1.0, cells)
    found = friedmanchisquare(*complete)
    return FriedmanTest(float(found.statistic), float(found.pvalue), cells)


def critical_difference(methods: int, cells: int, *, alpha: float = 0.05) -> float:
    """Return the least difference of two mean ranks that is significant among `methods` over `cells` (Nemenyi).

    Raises
    ------
    DataError
        With fewer than two methods or without cells.

    Examples
    --------
    >>> round(critical_difference(methods=4, cells=14), 2)
    1.25
    """
    from scipy.stats import studentized_range

    if methods < 2 or cells < 1:  # noqa: PLR2004
        raise DataError(
            f"a critical difference needs at least 2 methods and 1 cell, got {methods} and {cells}; run more cells"
        )
    quantile = float(studentized_range.ppf(1 - alpha, methods, np.inf)) / 2**0.5
    return quantile * float(np.sqrt(methods * (methods + 1) / (6 * cells)))
