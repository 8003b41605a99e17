"""The thresholds of least cost on labelled rows: tried at every end of a group of equal scores."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from adue.decisions.rows import RowCosts, ScoredRows


@dataclass(frozen=True)
class Chosen:
    """Answers with ``u <= accept`` go out, of the rest those with ``u <= escalate`` go to the dearer model.

    None where nothing goes that way. `by_class` is in place of `accept`: a threshold per predicted class.
    """

    accept: float | None
    escalate: float | None = None
    by_class: tuple[float | None, ...] = ()

    def take(self, rows: ScoredRows) -> tuple[Bool[ndarray, " rows"], Bool[ndarray, " rows"]]:
        """Return which rows go out, and which go to the dearer model."""
        accepted = rows.accepted(self.accept)
        for index, threshold in enumerate(self.by_class):
            accepted |= rows.accepted(threshold) & (rows.predictions == index)
        return accepted, rows.accepted(self.escalate) & ~accepted

    def costs(self, rows: ScoredRows, each: RowCosts) -> Float[ndarray, " rows"]:
        """Return what each row costs."""
        accepted, escalated = self.take(rows)
        costs = np.where(accepted, each.accept, each.review)
        return costs if each.escalate is None else np.where(escalated, each.escalate, costs)


@dataclass(frozen=True)
class Levels:
    """Rows that may be accepted, from the lowest score to the highest; a level is a group of equal scores.

    Attributes
    ----------
    order
        Their numbers, sorted by score.
    ends
        Where each level ends in `order`.
    values
        The score of each level.
    """

    order: Int[ndarray, " free"]
    ends: Int[ndarray, " levels"]
    values: Float[ndarray, " levels"]

    @classmethod
    def of(cls, rows: ScoredRows) -> "Levels":
        """Return the levels of the rows that are not held."""
        free = np.flatnonzero(~rows.held)
        order = free[np.argsort(rows.u[free], kind="stable")]
        values, counts = np.unique(rows.u[order], return_counts=True)
        return cls(order, np.cumsum(counts), values)

    @cached_property
    def _are_single(self) -> bool:
        return len(self.ends) == len(self.order)

    def sums(self, values: Float[ndarray, "*draws rows"]) -> Float[ndarray, "*draws levels_and_none"]:
        """Return the sums of `values` over the rows up to the end of each level; 0, for no level, comes first."""
        running = np.zeros((*values.shape[:-1], len(self.order) + 1))
        np.cumsum(values[..., self.order], axis=-1, out=running[..., 1:])
        return running if self._are_single else running[..., np.append(0, self.ends)]

    def threshold(self, level: int) -> float | None:
        """Return the threshold that accepts `level` levels."""
        return float(self.values[level - 1]) if level else None


def choose(levels: Levels, each: RowCosts) -> Chosen:
    """Return the thresholds at which the rows cost least; of equally cheap ones the strictest.

    Every row that is not accepted or escalated is reviewed.
    """
    accept = levels.sums(each.accept - each.review)
    if each.escalate is None:
        return Chosen(levels.threshold(int(accept.argmin())))
    escalate = levels.sums(each.escalate - each.review)
    # Accept i levels and escalate to level j >= i: accept[i] - escalate[i] + escalate[j].
    start = accept - escalate
    best = np.minimum.accumulate(start)
    j = int((best + escalate).argmin())
    i = int(start[: j + 1].argmin())
    return Chosen(levels.threshold(i), levels.threshold(j) if j > i else None)
