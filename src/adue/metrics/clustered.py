"""AUROCs over several answers per row, with intervals that treat a row's answers as belonging together."""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from adue.foundation.defaults import INTERVAL, MIN_OF_EACH, RESAMPLES
from adue.metrics.intervals import Comparison, Interval
from adue.metrics.ranking import auroc

BATCH = 100
"""Draws held in memory at once."""


def compare_clustered_auroc(
    u: Float[ndarray, "scores rows answers"],
    errors: Bool[ndarray, "rows answers"],
    *,
    reference: int = 0,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> list[Comparison]:
    """Return every score's AUROC over all answers, and its difference to that of the score `reference`.

    The 95 % intervals are those of a percentile bootstrap that draws whole rows with all of their answers: answers to
    one text are wrong together more often than answers to two. All scores see the same draws (paired). The interval is
    NaN where fewer than two rows hold an error, or fewer than two a right answer.

    >>> both = np.array([[[0.1, 0.4], [0.3, 0.9]], [[0.1, 0.2], [0.3, 0.9]]])
    >>> compare_clustered_auroc(both, np.array([[False, False], [True, True]]))[1].difference.value
    0.25
    """
    flat = u.reshape(len(u), -1)
    values = auroc(flat, errors.ravel())
    values = np.concatenate([values, values - values[reference]])
    if min(errors.any(axis=1).sum(), (~errors).any(axis=1).sum()) < MIN_OF_EACH:
        low = high = np.full_like(values, np.nan)
    else:
        drawn = _resampled(flat, errors, resamples, np.random.default_rng(seed))
        low, high = np.nanquantile(np.concatenate([drawn, drawn - drawn[reference]]), INTERVAL, axis=1)
    found = [Interval(*map(float, bounds)) for bounds in zip(values, low, high, strict=True)]
    return [Comparison(*pair) for pair in zip(found[: len(u)], found[len(u) :], strict=True)]


def _resampled(
    flat: Float[ndarray, "scores items"],
    errors: Bool[ndarray, "rows answers"],
    resamples: int,
    rng: np.random.Generator,
) -> Float[ndarray, "scores resamples"]:
    """Return the AUROCs of drawn rows; NaN for a draw without an error or without a right answer."""
    rows, answers = errors.shape
    wrong = errors.ravel()
    row_of = np.repeat(np.arange(rows), answers)
    # Sorted once: a draw only changes how often each answer counts.
    orders = [np.argsort(scores[~wrong], kind="stable") for scores in flat]
    places = [
        (np.searchsorted(ordered, scores[wrong], side="left"), np.searchsorted(ordered, scores[wrong], side="right"))
        for scores, ordered in zip(flat, (np.sort(scores[~wrong]) for scores in flat), strict=True)
    ]
    batches = []
    for start in range(0, resamples, BATCH):
        size = min(BATCH, resamples - start)
        taken = rng.integers(rows, size=(size, rows)) + rows * np.arange(size)[:, np.newaxis]
        counts = np.bincount(taken.ravel(), minlength=size * rows).reshape(size, rows)
        of_wrong, of_right = counts[:, row_of[wrong]], counts[:, row_of[~wrong]]
        pairs = of_wrong.sum(axis=1) * of_right.sum(axis=1)
        values = []
        for order, (below, up_to) in zip(orders, places, strict=True):
            ranked = np.pad(of_right[:, order].cumsum(axis=1), ((0, 0), (1, 0)))
            values.append((of_wrong * (ranked[:, below] + ranked[:, up_to])).sum(axis=1))
        with np.errstate(invalid="ignore", divide="ignore"):
            batches.append(np.stack(values) / (2 * pairs))
    return np.concatenate(batches, axis=1)
