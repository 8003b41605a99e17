"""Methods compared over cells (a model, a data set, a seed): mean ranks, wins, ties and losses."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray


def complete_cells(values: Float[ndarray, "methods cells"]) -> Bool[ndarray, " cells"]:
    """Return where every method has a value.

    >>> complete_cells(np.array([[0.8, 0.7], [0.9, np.nan]])).tolist()
    [True, False]
    """
    return np.asarray(~np.isnan(values).any(axis=0))


def mean_ranks(values: Float[ndarray, "methods cells"], *, higher_is_better: bool = True) -> Float[ndarray, " methods"]:
    """Return each method's rank averaged over cells, 1 for the best; methods with equal values share the mean rank.

    Only cells where every method has a value count, so that all ranks are over the same cells and the same number of
    rivals: leave out a method that is rarely measured before you call. NaN where no cell is complete.

    >>> mean_ranks(np.array([[0.8, 0.7, 0.9], [0.9, 0.7, 0.6], [0.5, 0.6, np.nan]])).tolist()
    [1.75, 1.25, 3.0]
    """
    from scipy.stats import rankdata

    complete = values[:, complete_cells(values)]
    if complete.shape[1] == 0:
        return np.full(len(values), np.nan)
    return np.asarray(rankdata(-complete if higher_is_better else complete, axis=0).mean(axis=1))


@dataclass(frozen=True)
class WinsTiesLosses:
    """In how many cells a method is better than another, not distinguishable, worse."""

    wins: int
    ties: int
    losses: int


def wins_ties_losses(low: Float[ndarray, " cells"], high: Float[ndarray, " cells"]) -> WinsTiesLosses:
    """Return the verdicts of paired intervals of a difference, in a metric of which more is better.

    A cell whose interval holds 0 is a tie, one that touches 0 too. Cells without an interval (NaN) count nowhere.

    >>> wins_ties_losses(np.array([0.01, -0.02, -0.03, np.nan]), np.array([0.05, 0.02, -0.01, np.nan]))
    WinsTiesLosses(wins=1, ties=1, losses=1)
    """
    won, lost = low > 0, high < 0
    known = ~np.isnan(low) & ~np.isnan(high)
    return WinsTiesLosses(wins=int(won.sum()), ties=int((known & ~won & ~lost).sum()), losses=int(lost.sum()))
