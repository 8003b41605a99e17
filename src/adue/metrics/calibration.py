"""How well 1 - u serves as the probability that the prediction is right; u must lie in [0, 1], lower is better."""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from adue.metrics.ties import running_sums

BINS = 15


def ece(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"], bins: int = BINS) -> float:
    """Return the expected calibration error in [0, 1]: mean gap between confidence and accuracy in bins of equal width.

    Bins are ``(k / bins, (k + 1) / bins]``, the first one with 0; each counts by its rows (Guo et al. 2017,
    arXiv 1706.04599).

    >>> round(ece(np.array([0.1, 0.1, 0.4, 0.4]), np.array([False, False, False, True])), 2)
    0.1
    """
    confidence = 1 - u
    edges = np.linspace(0, 1, bins + 1)[1:-1]
    gaps = np.bincount(np.searchsorted(edges, confidence), weights=confidence - ~errors)
    return float(np.abs(gaps).sum() / len(u))


def ace(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"], bins: int = BINS) -> float:
    """Return the adaptive calibration error in [0, 1]: mean gap in bins that hold the same number of rows each.

    Rows are cut into `bins` by u. A row on a border counts in part on either side, and so does every row of a tie
    that a border cuts, by the same part (after Nixon et al. 2019, arXiv 1904.01685, on the predicted class).

    >>> round(ace(np.array([0.1, 0.1, 0.4, 0.4]), np.array([False, False, False, True]), bins=2), 2)
    0.1
    """
    covered, gap = running_sums(u, errors - u)
    borders = np.linspace(0, len(u), bins + 1)
    return float(np.abs(np.diff(np.interp(borders, covered, gap))).sum() / len(u))


def brier(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]) -> float:
    """Return the mean squared difference between u and being wrong (1) or right (0), in [0, 1].

    >>> brier(np.array([0.0, 0.5]), np.array([False, True]))
    0.125
    """
    return float(np.mean((u - errors) ** 2))


def nll(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]) -> float:
    """Return the mean negative log-likelihood in nats of what happened, given u as the probability of an error.

    Probabilities of 0 and 1 are moved inwards by the precision of their type, so the result is finite
    (``sklearn.metrics.log_loss``).

    >>> round(nll(np.array([0.0, 0.5]), np.array([False, True])), 4)
    0.3466
    """
    from sklearn.metrics import log_loss

    return float(log_loss(errors, u, labels=[False, True]))
