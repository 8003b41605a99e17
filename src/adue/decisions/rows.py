"""Labelled rows with their scores, and what accepting and reviewing each of them costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from adue.decisions.costs import Costs
from adue.foundation.errors import DataError


@dataclass(frozen=True)
class ScoredRows:
    """Labelled rows as a decision sees them.

    Attributes
    ----------
    u
        The score, higher means more likely wrong; raw, never calibrated.
    predictions, labels
        Class ids of the answer and the truth; a label of -1 is a row that no class fits.
    class_names
        In the order of their ids.
    held
        True where the answer never goes out, whatever `u` is: the text was cut or empty, or its class is always
        reviewed.
    escalated
        Class ids that the dearer model answered; None where there is none.
    segments
        The value of a column per row, where plans are made by it.

    Raises
    ------
    DataError
        When the rows disagree in number, or a score is not finite.
    """

    u: Float[ndarray, " rows"]
    predictions: Int[ndarray, " rows"]
    labels: Int[ndarray, " rows"]
    class_names: tuple[str, ...]
    held: Bool[ndarray, " rows"]
    escalated: Int[ndarray, " rows"] | None = None
    segments: Sequence[str] | None = None

    def __post_init__(self) -> None:
        for values in (self.predictions, self.labels, self.held, self.escalated, self.segments):
            if values is not None and len(values) != len(self.u):
                raise DataError(
                    f"scores, answers and labels must have one row each, got {len(self.u)} and {len(values)}"
                )
        if not np.isfinite(self.u).all():
            raise DataError("a score is NaN or infinite; drop these rows")

    def __len__(self) -> int:
        return len(self.u)

    @property
    def wrong(self) -> Bool[ndarray, " rows"]:
        """Whether each answer is not the truth."""
        wrong: Bool[ndarray, " rows"] = self.predictions != self.labels
        return wrong

    def accepted(self, threshold: float | None) -> Bool[ndarray, " rows"]:
        """Return which answers go out: those not held whose `u` is at most the threshold; none where it is None."""
        if threshold is None:
            return np.zeros(len(self), dtype=bool)
        accepted: Bool[ndarray, " rows"] = (self.u <= threshold) & ~self.held
        return accepted

    def select(self, rows: Int[ndarray, " chosen"] | Bool[ndarray, " rows"]) -> Self:
        """Return the chosen rows, by index or by mask."""
        segments = None if self.segments is None else [str(one) for one in np.asarray(self.segments, object)[rows]]
        return type(self)(
            self.u[rows],
            self.predictions[rows],
            self.labels[rows],
            self.class_names,
            self.held[rows],
            None if self.escalated is None else self.escalated[rows],
            segments,
        )


@dataclass(frozen=True)
class RowCosts:
    """What each row costs by what is done with it.

    Attributes
    ----------
    accept, review
        Where the answer goes out, and where a person reads it.
    escalate
        Where the dearer model answers; None where there is none.
    """

    accept: Float[ndarray, " rows"]
    review: Float[ndarray, " rows"]
    escalate: Float[ndarray, " rows"] | None = None


def cost_matrix(costs: Costs, names: Sequence[str]) -> Float[ndarray, "truths answers"]:
    """Return what each answer costs: a row per true class and a last one where no class fits, a column per answer.

    Where no class fits, an answer costs as much as its dearest error.

    Raises
    ------
    DataError
        When the costs do not go with the classes.

    Examples
    --------
    >>> cost_matrix(Costs(error=10, miss={"refund": 50}, review=1), ["other", "refund"])
    array([[ 0., 10.],
           [50.,  0.],
           [50., 10.]])
    """
    costs.require_classes(names)
    if isinstance(costs.error, tuple):
        matrix = np.array(costs.error, dtype=np.float64)
    else:
        of_answer = [costs.error[name] if isinstance(costs.error, Mapping) else costs.error for name in names]
        matrix = np.tile(np.array(of_answer, dtype=np.float64), (len(names), 1))
        for name, amount in costs.miss.items():
            matrix[list(names).index(name)] = amount
        np.fill_diagonal(matrix, 0.0)
    return np.vstack([matrix, matrix.max(axis=0)])


def row_costs(rows: ScoredRows, costs: Costs) -> RowCosts:
    """Return what each row costs by what is done with it.

    A person costs the review, what a needless one costs more where the answer was right, and, as often as people are
    wrong, the mean cost of the wrong answers to such a text.

    Raises
    ------
    DataError
        When the costs do not go with the classes.
    """
    matrix, classes = cost_matrix(costs, rows.class_names), len(rows.class_names)
    truth = np.where(rows.labels < 0, classes, rows.labels)
    # A wrong answer to a text of a class is one of the others; where no class fits, all are wrong.
    wrong_answers = np.append(np.full(classes, classes - 1), classes)
    mean_wrong = matrix.sum(axis=1) / wrong_answers
    error_rate = 0.0 if costs.reviewers is None else costs.reviewers.error_rate
    review = costs.review + costs.needless_review * ~rows.wrong + error_rate * mean_wrong[truth]
    escalate = None
    if rows.escalated is not None and costs.escalation is not None:
        escalate = costs.escalation.cost + matrix[truth, rows.escalated]
    return RowCosts(matrix[truth, rows.predictions], review, escalate)
