"""Sums over rows from the most certain to the least, rows with equal u entering together."""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray


def running_sums(
    u: Float[ndarray, " rows"], values: Bool[ndarray, " rows"] | Float[ndarray, " rows"]
) -> tuple[Float[ndarray, " levels"], Float[ndarray, " levels"]]:
    """Return how many rows are covered, and the sum of `values` over them, at each distinct u; both begin at 0.

    A straight line between two levels is what rows of equal u bring on average when their order is drawn at random,
    so no number read off these sums depends on the order in which rows were given.

    >>> covered, wrong = running_sums(np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, False, True, True]))
    >>> covered.tolist(), wrong.tolist()
    ([0.0, 1.0, 3.0, 4.0], [0.0, 0.0, 1.0, 2.0])
    """
    _, level, size = np.unique(u, return_inverse=True, return_counts=True)
    sums = np.bincount(level, weights=values, minlength=len(size))
    return np.cumsum(np.append(0.0, size)), np.cumsum(np.append(0.0, sums))
