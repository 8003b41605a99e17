"""What an evaluation returns: plain data that the command line prints and the report draws."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy import ndarray

from adue.foundation.config import AdueConfig, TokenLimit
from adue.foundation.result import Result
from adue.foundation.texts import Text
from adue.metrics import Interval
from adue.scores import ADUE, REFERENCE


class ScoreResult(Result):
    """One score on one evaluation set; `difference` is its AUROC minus that of the softmax response (paired)."""

    name: str
    auroc: Interval
    difference: Interval


class SetResult(Result):
    """All scores on one evaluation set; `note` says why `scores` is empty where no AUROC exists."""

    name: str
    rows: int
    errors: int
    accuracy: float
    majority_accuracy: float
    scores: tuple[ScoreResult, ...]
    human_correlation: dict[str, float] | None = None
    """Spearman correlation of each score with the raters' spread, where the data has one."""
    note: str | None = None
    texts_cut: int = 0
    """How many texts had more tokens than were read."""

    def score(self, name: str) -> ScoreResult:
        """Return the row called `name`; KeyError when the table has none."""
        return {row.name: row for row in self.scores}[name]


class EvaluationResult(Result):
    """The tables of `adue evaluate`, one per evaluation set; the first is the training domain's test set."""

    adapter: str
    data: str
    config: AdueConfig
    sets: tuple[SetResult, ...]
    device: str | None = None
    """Where the classifier ran, where it is known."""
    notes: tuple[str, ...] = ()
    """What was decided about the data, for a person to read."""
    text_columns: tuple[str, ...] = ()
    """The columns of `data` that were read as the text; two where rows are pairs."""
    limit: TokenLimit | None = None
    """How many tokens of a text were read, and who says so, where it is known."""

    @property
    def notes_cut(self) -> list[str]:
        """One line for each set of which texts were cut."""
        if self.limit is None:
            return []
        return [f"{one.name}: {self.limit.describe_cut(one.texts_cut, one.rows)}" for one in self.sets if one.texts_cut]


@dataclass(frozen=True)
class ScoredSet:
    """The rows behind one table, for curves and examples; every array has one entry per row."""

    name: str
    texts: Sequence[Text]
    labels: ndarray
    predictions: ndarray
    confidence: ndarray
    """The classifier's largest probability, in [1/C, 1]."""
    scores: dict[str, ndarray] = field(default_factory=dict)
    """By name, higher means more likely wrong; REFERENCE and ADUE are always there."""

    @property
    def errors(self) -> ndarray:
        """True where the prediction is not the label."""
        return np.asarray(self.predictions != self.labels)

    @property
    def reference(self) -> ndarray:
        """The softmax response, in [0, 1]."""
        return self.scores[REFERENCE]

    @property
    def uncertainty(self) -> ndarray:
        """U of the fitted head, in [0, 1]."""
        return self.scores[ADUE]
