"""AUROCs with 95 % intervals, and their differences on the same rows (paired stratified bootstrap)."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from adue.foundation.defaults import INTERVAL, MIN_OF_EACH, RESAMPLES
from adue.metrics.ranking import auroc

BATCH = 100
"""Draws held in memory at once."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval; the interval is NaN where there are too few rows for one."""

    value: float
    low: float
    high: float


def auroc_interval(
    u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"], *, resamples: int = RESAMPLES, seed: int = 0
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
    resamples: int = RESAMPLES,
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
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Comparison]:
    """Return every score's AUROC and its difference to that of the score `reference`, with 95 % intervals.

    One percentile bootstrap serves all of them: every draw takes errors and correct rows apart (so that neither is
    ever missing), and all scores see the same drawn rows (so that differences are paired).

    >>> both = np.array([[0.1, 0.4, 0.3, 0.9], [0.1, 0.2, 0.3, 0.9]])
    >>> compare_auroc(both, np.array([False, False, True, True]))[1].difference.value
    0.25
    """
    values = auroc(u, errors)
    values = np.concatenate([values, values - values[reference]])
    if min(errors.sum(), (~errors).sum()) < MIN_OF_EACH:
        low = high = np.full_like(values, np.nan)
    else:
        drawn = _resampled_auroc(u, errors, resamples, np.random.default_rng(seed))
        drawn = np.concatenate([drawn, drawn - drawn[reference]])
        low, high = np.quantile(drawn, INTERVAL, axis=1)
    found = [Interval(*map(float, bounds)) for bounds in zip(values, low, high, strict=True)]
    return [Comparison(*pair) for pair in zip(found[: len(u)], found[len(u) :], strict=True)]


def _resampled_auroc(
    u: Float[ndarray, "scores rows"], errors: Bool[ndarray, " rows"], resamples: int, rng: np.random.Generator
) -> Float[ndarray, "scores resamples"]:
    """Return the AUROCs of rows drawn with replacement, errors and right rows apart.

    The rows are sorted once and draws only count how often each was taken: a rank among drawn rows is a cumulative sum
    of counts, which costs a tenth of ranking every draw anew.
    """
    wrong, right = u[:, errors], u[:, ~errors]
    order = np.argsort(right, axis=1)
    places = [_places(*rows) for rows in zip(wrong, np.sort(right, axis=1), strict=True)]
    batches = []
    for start in range(0, resamples, BATCH):
        size = min(BATCH, resamples - start)
        of_wrong, of_right = (_counts(rows.shape[1], size, rng) for rows in (wrong, right))
        ranked = [np.pad(of_right[:, sort].cumsum(axis=1), ((0, 0), (1, 0))) for sort in order]
        halves = [rows[:, below] + rows[:, up_to] for rows, (below, up_to) in zip(ranked, places, strict=True)]
        batches.append(np.stack([(of_wrong * pairs).sum(axis=1) for pairs in halves]))
    return np.asarray(np.concatenate(batches, axis=1) / (2 * wrong.shape[1] * right.shape[1]))


def _places(wrong: Float[ndarray, " wrong"], ordered: Float[ndarray, " right"]) -> tuple[ndarray, ndarray]:
    """Return how many right rows each error lies above, and how many it lies above or ties with."""
    return np.searchsorted(ordered, wrong, side="left"), np.searchsorted(ordered, wrong, side="right")


def _counts(rows: int, size: int, rng: np.random.Generator) -> Int[ndarray, "size rows"]:
    """Return how often each row is taken when as many as there are are drawn, `size` times."""
    taken = rng.integers(rows, size=(size, rows)) + rows * np.arange(size)[:, np.newaxis]
    return np.bincount(taken.ravel(), minlength=size * rows).reshape(size, rows)
