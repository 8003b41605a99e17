"""AUROCs with 95 % intervals, and their differences on the same rows (paired stratified bootstrap)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.stats import bootstrap

from adue.metrics.ranking import auroc

MIN_ROWS_FOR_INTERVAL = 2


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval; the interval is NaN where there are too few rows for one."""

    value: float
    low: float
    high: float


def auroc_interval(
    u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"], *, resamples: int = 1000, seed: int = 0
) -> Interval:
    """Return the AUROC with its 95 % interval (percentile bootstrap, errors and correct rows drawn apart).

    >>> result = auroc_interval(np.array([0.1, 0.4, 0.3, 0.9]), np.array([False, False, True, True]))
    >>> result.low <= result.value == 0.75 <= result.high
    True
    """
    return compare_auroc(u[np.newaxis], errors, resamples=resamples, seed=seed)[0].auroc


def auroc_difference(
    u: Float[ndarray, " rows"],
    reference: Float[ndarray, " rows"],
    errors: Bool[ndarray, " rows"],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return AUROC(u) - AUROC(reference) with its 95 % interval; both see the same drawn rows (paired).

    >>> u = np.array([0.1, 0.4, 0.3, 0.9])
    >>> auroc_difference(u, u, np.array([False, False, True, True]))
    Interval(value=0.0, low=0.0, high=0.0)
    """
    return compare_auroc(np.stack([reference, u]), errors, resamples=resamples, seed=seed)[1].difference


@dataclass(frozen=True)
class Comparison:
    """One score's AUROC, and by how much it exceeds that of the reference."""

    auroc: Interval
    difference: Interval


def compare_auroc(
    u: Float[ndarray, "scores rows"],
    errors: Bool[ndarray, " rows"],
    *,
    reference: int = 0,
    resamples: int = 1000,
    seed: int = 0,
) -> list[Comparison]:
    """Return every score's AUROC and its difference to that of the score `reference`, with 95 % intervals.

    One percentile bootstrap serves all of them: every draw takes errors and correct rows apart (so that neither is
    ever missing), and all scores see the same drawn rows (so that differences are paired).

    >>> both = np.array([[0.1, 0.4, 0.3, 0.9], [0.1, 0.2, 0.3, 0.9]])
    >>> compare_auroc(both, np.array([False, False, True, True]))[1].difference.value
    0.25
    """

    def statistics(wrong: ndarray, right: ndarray, axis: int = -1) -> ndarray:
        rows = np.concatenate([wrong, right], axis=axis)
        drawn = u[:, rows]
        values = auroc(drawn, np.broadcast_to(errors[rows], drawn.shape))
        return np.concatenate([values, values - values[reference]])

    wrong, right = np.flatnonzero(errors), np.flatnonzero(~errors)
    values = statistics(wrong, right)
    if min(len(wrong), len(right)) < MIN_ROWS_FOR_INTERVAL:
        low = high = np.full_like(values, np.nan)
    else:
        interval = bootstrap(
            (wrong, right),
            statistics,
            n_resamples=resamples,
            batch=100,
            vectorized=True,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).confidence_interval
        low, high = np.asarray(interval.low), np.asarray(interval.high)
    found = [Interval(*map(float, bounds)) for bounds in zip(values, low, high, strict=True)]
    return [Comparison(*pair) for pair in zip(found[: len(u)], found[len(u) :], strict=True)]
