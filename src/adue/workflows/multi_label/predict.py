"""`adue predict` for several labels per text: the same rows out, with the labels, and a probability and U for each."""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from numpy import ndarray

from adue.datasets import guess_text_column
from adue.datasets.file_formats.chunks import Column, add_columns, column_names, column_values
from adue.datasets.file_formats.compression import split_name
from adue.datasets.file_formats.stream import read_rows, write_rows
from adue.foundation.errors import DataError
from adue.foundation.sources import STANDARD
from adue.models.tasks.multi_label import LabelPredictions
from adue.workflows.multi_label.inputs import load_model
from adue.workflows.options import ModelOptions, Progress, no_head, no_progress
from adue.workflows.predict import PredictResult
from adue.workflows.predict_columns import is_empty, require_texts, warn_of_empty

LABELS, PROBABILITY, UNCERTAINTY = "labels", "probability", "uncertainty"

_WITH_LISTS = frozenset({".jsonl", ".ndjson", ".json", ".parquet"})
"""Endings of files whose cells can be lists; in others names are joined with a semicolon."""


def predict_multi_label(
    adapter: str | Path,
    source: str,
    output: str,
    *,
    text_column: str | None = None,
    prefix: str = "",
    model_options: ModelOptions | None = None,
    progress: Progress = no_progress,
) -> PredictResult:
    """Score every row of `source`; see :func:`adue.workflows.predict.predict` for the parameters.

    The new columns are ``labels`` (the names with a yes), and ``probability_NAME`` and ``uncertainty_NAME`` for each
    label. The result counts how often each label was answered with yes; its mean uncertainty is that of all answers.

    Raises
    ------
    AdueError
        When there are no heads, or a row cannot be read or written; no half-written file is left.
    """
    options = model_options or ModelOptions()
    model = load_model(adapter, options)
    if model.fitted is None:
        raise no_head(adapter)
    columns = answer_names(model.names, prefix)
    joined = output != STANDARD and split_name(Path(output))[1] not in _WITH_LISTS
    counts = dict.fromkeys(model.names, 0)
    rows, total, empty = 0, 0.0, 0
    with write_rows(output) as write, progress("scoring rows", None) as advance:
        for chunk in read_rows(source):
            names = column_names(chunk)
            _require_free(columns, names)
            text_column = guess_text_column(names, text_column)
            texts = require_texts(column_values(chunk, text_column), text_column, first=rows)
            found = model.predict(texts, batch_size=options.batch_size) if texts else None
            write(add_columns(chunk, _columns(found, columns, joined=joined)))
            rows += len(texts)
            empty += sum(map(is_empty, texts))
            if found is not None:
                total += math.fsum(found.uncertainty.ravel().tolist())
                for name, count in Counter(name for present in found.label_names for name in present).items():
                    counts[name] += count
            advance(len(chunk))
    warn_of_empty(empty)
    return PredictResult(
        output=output,
        rows=rows,
        empty_texts=empty,
        mean_uncertainty=total / (rows * len(counts)) if rows else None,
        labels=dict(sorted(counts.items(), key=lambda one: -one[1])),
        device=str(model.classifier.device),
    )


def answer_names(labels: Sequence[str], prefix: str) -> list[str]:
    """Return the names of the columns that are added."""
    each = [f"{prefix}{kind}_{label}" for label in labels for kind in (PROBABILITY, UNCERTAINTY)]
    return [f"{prefix}{LABELS}", *each]


def _require_free(columns: Sequence[str], names: Sequence[str]) -> None:
    taken = next((name for name in columns if name in names), None)
    if taken is not None:
        raise DataError(
            f"the rows already have the column '{taken}', which would be overwritten; "
            "choose other names with --prefix, for example --prefix predicted_"
        )


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
