"""`adue predict`: the same rows out, with label, probability and uncertainty; streamed, and whole or not there."""

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from adue.datasets import guess_text_column
from adue.errors import DataError, DataWarning
from adue.model import AdueModel
from adue.results import Result
from adue.workflows.options import ModelOptions, Progress, no_progress
from adue.workflows.rows import Row, read_rows, write_rows

COLUMNS = ("label", "probability", "uncertainty")


class PredictResult(Result):
    """What was written where."""

    output: str
    rows: int
    empty_texts: int
    mean_uncertainty: float | None
    labels: dict[str, int]
    """How often each class was predicted."""


def predict(
    adapter: str | Path,
    source: str,
    output: str,
    *,
    text_column: str | None = None,
    prefix: str = "",
    model_options: ModelOptions | None = None,
    progress: Progress = no_progress,
) -> PredictResult:
    """Score every row of `source` and write it, with three more columns, to `output`.

    Parameters
    ----------
    source, output
        A .jsonl, .csv, .tsv or .parquet file, or ``-`` for JSON lines on standard input or output.
    prefix
        Put before the names of the new columns, where the rows already have columns called so.

    Raises
    ------
    AdueError
        When there is no head, or a row cannot be read or written; no half-written file is left.
    """
    options = model_options or ModelOptions()
    model, _ = options.load_fitted(adapter)
    labels: Counter[str] = Counter()
    total, empty = 0.0, 0
    with write_rows(output) as write, progress("scoring rows", None) as advance:
        for chunk in read_rows(source):
            texts = _texts(chunk, text_column, prefix, first=labels.total())
            scored = _score(model, chunk, texts, prefix, options.batch_size)
            write(scored)
            labels.update(str(row[f"{prefix}label"]) for row in scored)
            total += sum(row[f"{prefix}uncertainty"] for row in scored)
            empty += sum(not text.strip() for text in texts)
            advance(len(chunk))
    if empty:
        found = "text is empty; it was" if empty == 1 else "texts are empty; they were"
        warnings.warn(f"{empty} {found} scored like any other", DataWarning, stacklevel=2)
    rows = labels.total()
    return PredictResult(
        output=output,
        rows=rows,
        empty_texts=empty,
        mean_uncertainty=total / rows if rows else None,
        labels=dict(labels.most_common()),
    )


def _texts(chunk: Sequence[Row], text_column: str | None, prefix: str, first: int) -> list[str]:
    taken = [f"{prefix}{name}" for name in COLUMNS if f"{prefix}{name}" in chunk[0]]
    if taken:
        raise DataError(
            f"the rows already have the column '{taken[0]}', which would be overwritten; "
            "choose other names with --prefix, for example --prefix predicted_"
        )
    column = guess_text_column(list(chunk[0]), text_column)
    for number, row in enumerate(chunk, start=first + 1):
        if not isinstance(row.get(column), str):
            raise DataError(
                f"row {number} has no text in the column '{column}' (found: {row.get(column)!r}); "
                "drop the row, or name another column with --text-column"
            )
    return [row[column] for row in chunk]


def _score(model: AdueModel, chunk: Sequence[Row], texts: list[str], prefix: str, batch_size: int) -> list[Row]:
    answers = model.predict(texts, batch_size=batch_size)
    probabilities = answers.probabilities.max(axis=-1)
    return [
        row
        | {
            f"{prefix}label": answers.label_names[index],
            f"{prefix}probability": float(probabilities[index]),
            f"{prefix}uncertainty": float(answers.uncertainty[index]),
        }
        for index, row in enumerate(chunk)
    ]
