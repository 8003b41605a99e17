"""`adue predict`: the same rows out, with label, probability and uncertainty; streamed, and whole or not there."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from adue.foundation.result import Result
from adue.models.model import AdueModel
from adue.workflows.columns import (
    LABEL,
    UNCERTAINTY,
    answer_columns,
    checked_texts,
    find_text_column,
    is_empty,
    warn_of_empty,
)
from adue.workflows.options import ModelOptions, Progress, no_progress
from adue.workflows.rows import Row, column_names, parquet_schema, read_rows, write_rows


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
    with write_rows(output, parquet_schema(source)) as write, progress("scoring rows", None) as advance:
        for chunk in read_rows(source):
            text_column = find_text_column(column_names(chunk), text_column, prefix)
            texts = checked_texts([row.get(text_column) for row in chunk], text_column, first=labels.total())
            scored = _scored(model, chunk, texts, prefix, options.batch_size)
            write(scored)
            labels.update(str(row[f"{prefix}{LABEL}"]) for row in scored)
            total += sum(row[f"{prefix}{UNCERTAINTY}"] for row in scored)
            empty += sum(map(is_empty, texts))
            advance(len(chunk))
    return summarised(output, labels, empty=empty, total=total)


def summarised(output: str, labels: Counter[str], *, empty: int, total: float) -> PredictResult:
    """Return what was written, and warn where texts were empty; `total` is the sum of U over all rows."""
    warn_of_empty(empty)
    rows = labels.total()
    return PredictResult(
        output=output,
        rows=rows,
        empty_texts=empty,
        mean_uncertainty=total / rows if rows else None,
        labels=dict(labels.most_common()),
    )


def _scored(model: AdueModel, chunk: Sequence[Row], texts: list[str], prefix: str, batch_size: int) -> list[Row]:
    answers = answer_columns(model, texts, prefix, batch_size)
    new = (dict(zip(answers, values, strict=True)) for values in zip(*answers.values(), strict=True))
    return [row | columns for row, columns in zip(chunk, new, strict=True)]
