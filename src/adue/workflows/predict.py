"""`adue predict`: the same rows out, with the columns of answers; streamed, and whole or not there."""

import math
from collections import Counter
from functools import partial
from pathlib import Path

import pyarrow as pa

from adue.datasets import TextColumns
from adue.datasets.file_formats.chunks import add_columns, column_names, column_values
from adue.datasets.file_formats.stream import read_rows, write_rows
from adue.foundation.config import TokenLimit
from adue.foundation.result import Result
from adue.workflows.options import ModelOptions, Progress, no_progress
from adue.workflows.predict_columns import (
    LABEL,
    UNCERTAINTY,
    answer,
    answer_names,
    find_columns,
    is_empty,
    require_rows,
    warn_of_empty,
)


class PredictResult(Result):
    """What was written where."""

    output: str
    rows: int
    empty_texts: int
    texts_cut: int = 0
    """How many had more tokens than were read."""
    limit: TokenLimit | None = None
    """How many tokens of a text were read, and who says so; None where there was nothing to read."""
    mean_uncertainty: float | None
    labels: dict[str, int]
    """How often each class was predicted."""
    device: str
    """Where the classifier ran; several where the workers of a cluster differ."""
    text_columns: tuple[str, ...] = ()
    """The columns that were read as the text; two where rows are pairs, none without rows."""

    @property
    def note_cut(self) -> str | None:
        """A line that says how many texts were cut; None where none was."""
        if self.limit is None or not self.texts_cut:
            return None
        return self.limit.describe_cut(self.texts_cut, self.rows)


def predict(
    adapter: str | Path,
    source: str,
    output: str,
    *,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    prefix: str = "",
    model_options: ModelOptions | None = None,
    progress: Progress = no_progress,
) -> PredictResult:
    """Score every row of `source` and write it, with the columns of answers behind its own, to `output`.

    Parameters
    ----------
    source
        A file, a folder of shards, one that ``save_to_disk`` of `datasets` wrote, or ``-`` for JSON on standard input.
    text_column, text_pair_column
        The column of texts, and that of the second texts for a model of pairs; guessed from their names by default.
    output
        A file, whose ending says its format, or ``-`` for JSON lines on standard output.
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
    total, empty, cut = 0.0, 0, 0
    columns: TextColumns | None = None
    added = answer_names(prefix)
    with write_rows(output) as write, progress("scoring rows", None) as advance:
        chunk = None
        for chunk in read_rows(source):
            asked = (text_column, text_pair_column) if columns is None else (columns.text, columns.pair)
            columns = find_columns(column_names(chunk), *asked, added, pairs=model.classifier.reading.pairs)
            texts = require_rows(columns, partial(column_values, chunk), first=labels.total())
            answers, cut_here = answer(model, texts, prefix, options.batch_size)
            write(add_columns(chunk, answers))
            labels.update(answers[f"{prefix}{LABEL}"].values)
            total += math.fsum(answers[f"{prefix}{UNCERTAINTY}"].values)
            empty += sum(map(is_empty, texts))
            cut += cut_here
            advance(len(chunk))
        if chunk is None:
            # JSON without rows has no columns either; what reads the output finds those of the answers.
            write(add_columns(pa.table({}), answer(model, [], prefix, options.batch_size)[0]))
    device, limit = str(model.classifier.device), model.classifier.limit
    read = () if columns is None else columns.names
    return summarise(output, labels, empty=empty, cut=cut, total=total, device=device, limit=limit, text_columns=read)


def summarise(
    output: str,
    labels: Counter[str],
    *,
    empty: int,
    cut: int,
    total: float,
    device: str,
    limit: TokenLimit | None,
    text_columns: tuple[str, ...],
) -> PredictResult:
    """Return what was written, and warn where texts were empty; `total` is the sum of U over all rows."""
    warn_of_empty(empty)
    rows = labels.total()
    return PredictResult(
        output=output,
        rows=rows,
        empty_texts=empty,
        texts_cut=cut,
        limit=limit,
        mean_uncertainty=total / rows if rows else None,
        labels=dict(labels.most_common()),
        device=device,
        text_columns=text_columns,
    )
