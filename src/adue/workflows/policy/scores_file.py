"""A labelled log of any classifier (answer, confidence, truth) as rows to plan on: no model is loaded."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from datasets import Dataset

from adue.datasets.labels.assign import assign_classes
from adue.datasets.labels.column import read_label_column
from adue.datasets.loading import open_source
from adue.decisions.rows import ScoredRows
from adue.foundation.errors import DataError
from adue.workflows.policy.score import (
    Scored,
    in_classes,
    read_score,
    require_answers,
    require_column,
    segments_of,
)

ANSWERS = ("answer", "prediction", "predicted", "predicted_label", "pred", "output")
TRUTHS = ("truth", "true_label", "label_true", "label", "labels", "gold", "gold_label", "target", "actual", "expected")
SCORES = ("confidence", "probability", "prob", "p", "max_prob", "score", "uncertainty")
"""Usual names of the three columns, the likeliest first; case does not matter."""

HIGHER_IS_WORSE = ("uncertainty", "u", "p_error", "risk", "entropy")
"""Names of scores that are high where an answer is likely wrong; every other score is a confidence."""


@dataclass(frozen=True)
class LogColumns:
    """The names of the columns; None where they are to be guessed.

    Attributes
    ----------
    higher_is_surer
        Which way the score points; None to go by its name.
    """

    answer: str | None = None
    truth: str | None = None
    score: str | None = None
    higher_is_surer: bool | None = None
    escalated: str | None = None
    segments: str | None = None


@dataclass(frozen=True)
class ReadLog:
    """The rows, and which columns they came from."""

    scored: Scored
    answer: str
    truth: str
    score: str
    higher_is_surer: bool


def read_log(path: str | Path, columns: LogColumns | None = None, *, always_review: Collection[str] = ()) -> ReadLog:
    """Return the rows of a log with the columns answer, truth and score.

    The classes are those of the truths and answers, in sorted order; a truth of ``out-of-scope`` is a text that no
    class fits.

    Raises
    ------
    DataError
        When the file cannot be read, a column is missing or nothing says which one it is, a score is no number, or a
        row has no answer or no truth.
    """
    columns = columns or LogColumns()
    ((_, rows),) = open_source(str(path), ("rows",)).items()
    answer = _find(rows, columns.answer, ANSWERS, "--answer-column")
    truth = _find(rows, columns.truth, TRUTHS, "--label-column", besides=answer)
    score = _find(rows, columns.score, SCORES, "--score-column")
    surer = score.casefold() not in HIGHER_IS_WORSE if columns.higher_is_surer is None else columns.higher_is_surer
    u = read_score(rows, score, higher_is_surer=surer)
    read = {name: read_label_column(rows, name) for name in (answer, truth)}
    if columns.escalated is not None:
        require_column(rows, columns.escalated, "escalation: column in the costs")
        read[columns.escalated] = read_label_column(rows, columns.escalated)
    label2id, encoded = assign_classes(read, list(read), label2id=None, label_map=None, shared_map=True, name=str(path))
    predictions = require_answers(encoded.ids[answer], answer)
    names = tuple(sorted(label2id, key=label2id.__getitem__))
    scored = ScoredRows(
        u=u,
        predictions=predictions,
        labels=np.array(encoded.ids[truth], dtype=np.int64),
        class_names=names,
        held=in_classes(predictions, names, always_review),
        escalated=None
        if columns.escalated is None
        else require_answers(encoded.ids[columns.escalated], columns.escalated),
        segments=None if columns.segments is None else segments_of(rows, columns.segments),
    )
    return ReadLog(Scored(scored), answer, truth, score, surer)


def _find(rows: Dataset, chosen: str | None, usual: Sequence[str], option: str, besides: str | None = None) -> str:
    """Return the column that was chosen, else the likeliest of the usual names, `besides` left out."""
    if chosen is not None:
        require_column(rows, chosen, option)
        return chosen
    by_name: dict[str, str] = {name.casefold(): name for name in reversed(rows.column_names) if name != besides}
    found = next((by_name[name] for name in usual if name in by_name), None)
    if found is None:
        raise DataError(
            f"no column is called {', '.join(usual[:3])} or the like (there are: {', '.join(rows.column_names)}); "
            f"choose one with {option}"
        )
    return found
