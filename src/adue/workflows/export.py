"""`adue export`: the classifier and its head as one graph, and what that changes on rows whose labels are known."""

import warnings
from pathlib import Path

import numpy as np
from datasets import Dataset
from sklearn.metrics import roc_auc_score

from adue.datasets import texts_of
from adue.foundation.errors import DataWarning, ModelError
from adue.foundation.result import Result
from adue.foundation.types import Predictions
from adue.models.export import OnnxAdueModel, export_onnx
from adue.models.export.manifest import Precision
from adue.models.model import AdueModel
from adue.workflows.fit import load_labelled
from adue.workflows.options import DataOptions, ModelOptions, Progress, no_progress


class Quality(Result):
    """How good answers are; `auroc`, of U against their own errors, is None where none or all are wrong."""

    accuracy: float
    auroc: float | None


class Comparison(Result):
    """The exported graph beside the model it was made from, on the same rows."""

    rows: int
    changed_predictions: int
    largest_change_of_uncertainty: float
    model: Quality
    exported: Quality


class ExportResult(Result):
    """What was written where; `comparison` is None where no data was given."""

    adapter: str
    folder: str
    precision: Precision
    graph_bytes: int
    data: str | None
    device: str
    """Where the model ran that the graph is compared with."""
    comparison: Comparison | None


def export(
    adapter: str | Path,
    out: Path,
    *,
    int8: bool = False,
    data: str | Path | None = None,
    model_options: ModelOptions | None = None,
    data_options: DataOptions | None = None,
    progress: Progress = no_progress,
) -> ExportResult:
    """Write the classifier with its head as one ONNX graph into `out`; see :func:`adue.models.export.export_onnx`.

    Parameters
    ----------
    int8
        Keep the base model's matrices as 8-bit integers.
    data
        Compare graph and model on the validation split of this data; with `int8` it is worth knowing.

    Raises
    ------
    AdueError
        When there is no head, the architecture cannot be exported, or the data cannot be used.
    """
    options = model_options or ModelOptions()
    if options.backend != "torch":
        raise ModelError("the exported graph is compared with PyTorch; leave --backend out")
    model, _ = options.load_fitted(adapter)
    rows = None if data is None else load_labelled(model, data, ("validation",), data_options)["validation"]
    with progress("tracing and checking the graph", None):
        graph = export_onnx(model, out, int8=int8)
    comparison = None
    if rows is not None:
        with progress("comparing graph and model", None):
            comparison = _compare(model, out, rows, options.batch_size)
    elif int8:
        warnings.warn(
            "8-bit integers change answers, and nobody has measured by how much here; give labelled rows with --data",
            DataWarning,
            stacklevel=2,
        )
    return ExportResult(
        adapter=str(adapter),
        folder=str(out),
        precision="int8" if int8 else "float32",
        graph_bytes=sum(path.stat().st_size for path in graph.parent.glob(f"{graph.name}*")),
        data=None if data is None else str(data),
        device=str(model.classifier.device),
        comparison=comparison,
    )


def _compare(model: AdueModel, folder: Path, rows: Dataset, batch_size: int) -> Comparison:
    texts, labels = texts_of(rows)[:], np.asarray(rows["label"][:])
    before = model.predict(texts, batch_size=batch_size)
    after = OnnxAdueModel.from_pretrained(folder).predict(texts, batch_size=batch_size)
    return Comparison(
        rows=len(texts),
        changed_predictions=int((before.labels != after.labels).sum()),
        largest_change_of_uncertainty=float(np.abs(before.uncertainty - after.uncertainty).max(initial=0)),
        model=_quality(before, labels),
        exported=_quality(after, labels),
    )


def _quality(answers: Predictions, labels: np.ndarray) -> Quality:
    errors = answers.labels != labels
    both = 0 < errors.sum() < len(errors)
    return Quality(
        accuracy=float(1 - errors.mean()),
        auroc=float(roc_auc_score(errors, answers.uncertainty)) if both else None,
    )
