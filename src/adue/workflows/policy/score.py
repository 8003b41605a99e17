"""Labelled rows with U and with other scores of the same answers, as a plan needs them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from datasets import Dataset
from jaxtyping import Bool, Float, Int

from adue.datasets import texts_of
from adue.datasets.labels.column import read_label_column
from adue.datasets.labels.encode import encode_labels
from adue.decisions.rows import ScoredRows
from adue.foundation.errors import DataError
from adue.models.model import AdueModel
from adue.workflows.fit import extract_split
from adue.workflows.options import ModelOptions, Progress, no_head, no_progress
from adue.workflows.predict_columns import is_empty

SOFTMAX_RESPONSE = "softmax response"
"""What the plan with U is compared with: the score that a classifier has without any head."""


@dataclass(frozen=True)
class OtherColumns:
    """Columns of the data beside text and label that a plan reads; None for those that it does not.

    Attributes
    ----------
    escalated
        Answers of the dearer model, written like the labels.
    segments
        What thresholds of their own are tried by.
    score
        Another score of the same answers; `higher_is_surer` says which way it points.
    """

    escalated: str | None = None
    segments: str | None = None
    score: str | None = None
    higher_is_surer: bool = True


@dataclass(frozen=True)
class Scored:
    """Labelled rows with U, and the same rows under other scores.

    Attributes
    ----------
    others
        Another score per row by its name, higher means more likely wrong.
    """

    rows: ScoredRows
    others: dict[str, Float[np.ndarray, " rows"]] = field(default_factory=dict)


def score_labelled(
    model: AdueModel,
    rows: Dataset,
    *,
    columns: OtherColumns | None = None,
    always_review: Collection[str] = (),
    options: ModelOptions | None = None,
    progress: Progress = no_progress,
) -> Scored:
    """Return `rows` (columns ``text`` and ``label`` as class ids) with U and the softmax response.

    Cut and empty texts, and classes that are always reviewed, are held: their answers never go out.

    Raises
    ------
    DataError
        When a column is not there, or holds what it should not.
    """
    columns, options = columns or OtherColumns(), options or ModelOptions()
    if model.fitted is None:
        raise no_head("the classifier")
    texts = texts_of(rows)
    read = extract_split(model, rows, "reading the rows to plan on", options, progress)
    predictions = read.predictions.numpy()
    u = model.fitted.uncertainty(read.features, read.logits).double().cpu().numpy()
    response = 1 - read.logits.double().softmax(dim=-1).amax(dim=-1).numpy()
    truncated = np.zeros(len(read), dtype=bool) if read.truncated is None else read.truncated.numpy()
    names = tuple(model.id2label[index] for index in range(len(model.id2label)))
    empty = np.array([is_empty(text) for text in texts], dtype=bool)
    scored = ScoredRows(
        u=u,
        predictions=predictions,
        labels=np.asarray(rows["label"][:]),
        class_names=names,
        held=truncated | empty | in_classes(predictions, names, always_review),
        escalated=_escalated(rows, columns.escalated, {name: index for index, name in enumerate(names)}),
        segments=None if columns.segments is None else segments_of(rows, columns.segments),
    )
    others = {SOFTMAX_RESPONSE: response}
    if columns.score is not None:
        others[columns.score] = read_score(rows, columns.score, higher_is_surer=columns.higher_is_surer)
    return Scored(scored, others)


def require_column(rows: Dataset, column: str, option: str) -> Sequence[object]:
    """Return the values of `column`, which `option` chose.

    Raises
    ------
    DataError
        When the data has no such column.
    """
    if column not in rows.column_names:
        raise DataError(
            f"the data has no column '{column}' (it has: {', '.join(rows.column_names)}); choose one with {option}"
        )
    values: Sequence[object] = rows[column][:]
    return values


def in_classes(
    answers: Int[np.ndarray, " rows"], names: Sequence[str], chosen: Collection[str]
) -> Bool[np.ndarray, " rows"]:
    """Return which answers are one of the classes `chosen` by name."""
    return np.isin(answers, [index for index, name in enumerate(names) if name in chosen])


def require_answers(ids: Sequence[int], column: str) -> Int[np.ndarray, " rows"]:
    """Return class ids of `column` as answers; a DataError names the first row that is out of scope."""
    answers = np.array(ids, dtype=np.int64)
    outside = np.flatnonzero(answers < 0)
    if len(outside):
        raise DataError(
            f"the column '{column}' holds answers that are no class (first: row {outside[0] + 1}); give the class that "
            "was answered"
        )
    return answers


def segments_of(rows: Dataset, column: str) -> list[str]:
    """Return the segment of each row, as text; a DataError where the column is not there."""
    return [str(value) for value in require_column(rows, column, "--by")]


def read_score(rows: Dataset, column: str, *, higher_is_surer: bool) -> Float[np.ndarray, " rows"]:
    """Return a score of other origin so that higher means more likely wrong; a confidence changes its sign only.

    Raises
    ------
    DataError
        When the data has no such column, or a value is no number.
    """
    numbers = []
    for row, value in enumerate(require_column(rows, column, "--score-column"), start=1):
        try:
            number = float(str(value))
        except ValueError:
            number = float("nan")
        if not np.isfinite(number):
            raise DataError(
                f"row {row} has no number in the column '{column}' (found: {value!r}); drop the row, or name another "
                "column with --score-column"
            )
        numbers.append(number)
    # A sign loses nothing, where 1 - confidence would round, and with it move rows across a threshold.
    return np.array(numbers) * (-1.0 if higher_is_surer else 1.0)


def _escalated(rows: Dataset, column: str | None, label2id: Mapping[str, int]) -> Int[np.ndarray, " rows"] | None:
    """Return the class ids that the dearer model answered, None where there is none."""
    if column is None:
        return None
    require_column(rows, column, "escalation: column in the costs")
    encoded = encode_labels({column: read_label_column(rows, column)}, label2id, name=f"the column '{column}'")
    return require_answers(encoded.ids[column], column)
