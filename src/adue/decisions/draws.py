"""Bootstrap draws of labelled rows: how often each row is drawn, in parts that fit into memory."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from adue.decisions.outcomes import Interval
from adue.foundation.defaults import INTERVAL

PART = 4_000_000
"""Counts that are held at a time: 32 MB."""


def draw_counts(rows: int, resamples: int, seed: int) -> Iterator[Float[ndarray, "draws rows"]]:
    """Yield how often each row is drawn when as many rows are drawn with replacement, for some draws at a time.

    The same seed gives the same draws, however many are held at a time.
    """
    rng = np.random.default_rng(seed)
    at_a_time = max(1, PART // max(rows, 1))
    for first in range(0, resamples, at_a_time):
        draws = min(at_a_time, resamples - first)
        counts = [np.bincount(rng.integers(rows, size=rows), minlength=rows) for _ in range(draws)]
        yield np.stack(counts).astype(np.float64)


def interval(value: float, drawn: Float[ndarray, " draws"]) -> Interval:
    """Return `value` with the 95 % percentile interval of what was drawn (Efron 1979)."""
    low, high = np.quantile(drawn, INTERVAL)
    return Interval(value=value, low=float(low), high=float(high))
