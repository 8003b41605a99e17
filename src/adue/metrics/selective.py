"""What is gained by answering the most certain rows only: risk against coverage, and single numbers of that curve."""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.special import xlog1py

from adue.metrics.ties import running_sums


def risk_coverage(
    u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]
) -> tuple[Float[ndarray, " levels"], Float[ndarray, " levels"]]:
    """Return coverage and the error rate among the covered rows, from the most certain row to all rows.

    Rows with equal u enter together, so the curve does not depend on their order; one point per distinct u.

    >>> coverage, risk = risk_coverage(np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, False, True, True]))
    >>> coverage.tolist(), risk.round(2).tolist()
    ([0.25, 0.75, 1.0], [0.0, 0.33, 0.5])
    """
    covered, wrong = running_sums(u, errors)
    return covered[1:] / len(u), wrong[1:] / covered[1:]


def aurc(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]) -> float:
    """Return the area under selective risk against coverage: the mean error rate among the covered rows, in [0, 1].

    Lower is better; a random u gets about the error rate.

    Notes
    -----
    The convention of fd-shifts without its factor 1000: one point per distinct u, straight lines between them
    (trapezoids), the first point's risk continued down to coverage 0. Other libraries sum or average over rows.

    Examples
    --------
    >>> round(aurc(np.array([0.1, 0.4, 0.3, 0.9]), np.array([False, False, True, True])), 4)
    0.2708
    """
    coverage, risk = risk_coverage(u, errors)
    return float(np.trapezoid(np.append(risk[0], risk), np.append(0.0, coverage)))


def e_aurc(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]) -> float:
    """Return how far the AURC lies above that of a perfect ranking with the same error rate; lower is better.

    Notes
    -----
    ``AURC - (pi + (1 - pi) log(1 - pi))``, pi the error rate (Geifman et al. 2019, arXiv 1805.08206): the perfect
    curve of endlessly many rows. A perfect u of few rows, or with many ties, can therefore fall slightly below 0, as
    in fd-shifts.

    Examples
    --------
    >>> round(e_aurc(np.array([0.1, 0.4, 0.3, 0.9]), np.array([False, False, True, True])), 4)
    0.1174
    """
    pi = float(errors.mean())
    return aurc(u, errors) - (pi + float(xlog1py(1 - pi, -pi)))


def augrc(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]) -> float:
    """Return the area under errors let through, as a share of all rows, against coverage; in [0, 0.5], lower is better.

    Notes
    -----
    The chance that a drawn row is wrong and is among the accepted rows at a drawn coverage (Traub et al. 2024,
    arXiv 2407.01032). Equals ``pi**2 / 2 + pi (1 - pi) (1 - AUROC)``, pi the error rate: among scores of the same
    predictions it ranks as the AUROC does.

    Examples
    --------
    >>> augrc(np.array([0.1, 0.4, 0.3, 0.9]), np.array([False, False, True, True]))
    0.1875
    """
    covered, wrong = running_sums(u, errors)
    return float(np.trapezoid(wrong, covered)) / len(u) ** 2


def prr(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]) -> float:
    """Return the prediction rejection ratio: 1 for a perfect ranking, 0 for a random one, -1 for the reverse.

    NaN unless there are both errors and right predictions.

    Notes
    -----
    How much of the way from random to perfect rejection u goes, by areas under the rejection curve in which rejected
    rows count as right (Malinin et al. 2017, "Incorporating uncertainty into deep learning for spoken language
    assessment"). With errors that are either 0 or 1 this is exactly ``2 AUROC - 1``. Libraries that divide by the
    rows that remain report another number under this name.

    Examples
    --------
    >>> prr(np.array([0.1, 0.4, 0.3, 0.9]), np.array([False, False, True, True]))
    0.5
    """
    pi = float(errors.mean())
    random, perfect = pi / 2, pi**2 / 2
    return (random - augrc(u, errors)) / (random - perfect) if 0 < pi < 1 else np.nan


def accuracy_at_coverage(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"], coverage: float) -> float:
    """Return the accuracy of the ``coverage * rows`` most certain rows, in [0, 1]; coverage in (0, 1].

    A row that only partly fits in counts in part. Of rows with equal u at the border each counts by the same part:
    the accuracy to expect when ties are broken at random.

    >>> accuracy_at_coverage(np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, False, True, True]), 0.5)
    0.75
    """
    covered, wrong = running_sums(u, errors)
    rows = coverage * len(u)
    return float(1 - np.interp(rows, covered, wrong) / rows)
