"""`adue predict` for several labels per text: the same rows out, with the labels, and a probability and U for each."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pyarrow as pa
from numpy import ndarray

from adue.datasets import TextColumns
from adue.datasets.file_formats.chunks import Column, add_columns, column_names, column_values
from adue.datasets.file_formats.compression import split_name
from adue.datasets.file_formats.stream import read_rows, write_rows
from adue.foundation.sources import STANDARD
from adue.models.tasks.multi_label import LabelPredictions
from adue.workflows.multi_label.inputs import load_model
from adue.workflows.options import ModelOptions, Progress, no_head, no_progress
from adue.workflows.predict import PredictResult
from adue.workflows.predict_columns import find_columns, is_empty, require_rows, warn_of_empty

LABELS, PROBABILITY, UNCERTAINTY = "labels", "probability", "uncertainty"

_WITH_LISTS = frozenset({".jsonl", ".ndjson", ".json", ".parquet"})
"""Endings of files whose cells can be lists; in others names are joined with a semicolon."""


class LabelsPredictResult(PredictResult):
    """What was written where; `labels` counts how often each label was answered with yes."""

    @property
    def note_cut(self) -> str | None:
        """A line that says how many texts were cut; None where none was."""
        if self.limit is None or not self.texts_cut:
            return None
        return self.limit.describe_cut(self.texts_cut, self.rows, windows=False)


def predict_multi_label(
    adapter: str | Path,
    source: str,
    output: str,
    *,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    prefix: str = "",
    model_options: ModelOptions | None = None,
    progress: Progress = no_progress,
) -> LabelsPredictResult:
    """Score every row of `source`; see :func:`adue.workflows.predict.predict` for the parameters.

    The new columns are ``labels`` (the names with a yes), and ``probability_NAME`` and ``uncertainty_NAME`` for each
    label. The mean uncertainty is that of all answers.

    Raises
    ------
    AdueError
        When there are no heads, a column of second texts was chosen, or a row cannot be read or written; no
        half-written file is left.
    """
    options = model_options or ModelOptions()
    model = load_model(adapter, options)
    if model.fitted is None:
        raise no_head(adapter)
    added = answer_names(model.names, prefix)
    joined = output != STANDARD and split_name(Path(output))[1] not in _WITH_LISTS
    counts: Counter[str] = Counter(dict.fromkeys(model.names, 0))
    rows, total, empty, cut = 0, 0.0, 0, 0
    columns: TextColumns | None = None
    with write_rows(output) as write, progress("scoring rows", None) as advance:
        chunk = None
        for chunk in read_rows(source):
            asked = text_column if columns is None else columns.text
            columns = find_columns(column_names(chunk), asked, text_pair_column, added, pairs=False)
            texts = require_rows(columns, partial(column_values, chunk), first=rows)
            found = model.predict(texts, batch_size=options.batch_size) if texts else None
            write(add_columns(chunk, _columns(found, added, joined=joined)))
            rows += len(texts)
            empty += sum(map(is_empty, texts))
            if found is not None:
                total += math.fsum(found.uncertainty.ravel().tolist())
                cut += int(found.truncated.sum())
                counts.update(name for present in found.label_names for name in present)
            advance(len(chunk))
        if chunk is None:
            # JSON without rows has no columns either; what reads the output finds those of the answers.
            write(add_columns(pa.table({}), _columns(None, added, joined=joined)))
    warn_of_empty(empty)
    return LabelsPredictResult(
        output=output,
        rows=rows,
        empty_texts=empty,
        texts_cut=cut,
        limit=model.classifier.limit,
        mean_uncertainty=total / (rows * len(counts)) if rows else None,
        labels=dict(counts.most_common()),
        device=str(model.classifier.device),
        text_columns=() if columns is None else columns.names,
    )


def answer_names(labels: Sequence[str], prefix: str) -> list[str]:
    """Return the names of the columns that are added."""
    each = [f"{prefix}{kind}_{label}" for label in labels for kind in (PROBABILITY, UNCERTAINTY)]
    return [f"{prefix}{LABELS}", *each]


def _columns(found: LabelPredictions | None, names: Sequence[str], *, joined: bool) -> dict[str, Column]:
    """Return the new columns by name, one value for each text, in the order of `names`."""
    kind = pa.string() if joined else pa.list_(pa.string())
    if found is None:
        return {name: Column([], pa.float64() if place else kind) for place, name in enumerate(names)}
    present = [";".join(row) for row in found.label_names] if joined else found.label_names
    each = [values[:, index].tolist() for index in range(found.labels.shape[1]) for values in _values(found)]
    return {names[0]: Column(list(present), kind)} | {
        name: Column(values, pa.float64()) for name, values in zip(names[1:], each, strict=True)
    }


def _values(found: LabelPredictions) -> tuple[ndarray, ndarray]:
    return found.probabilities, found.uncertainty
