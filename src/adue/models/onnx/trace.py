"""From a module to a graph in a file, proven against PyTorch before anybody relies on it."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from adue.foundation.defaults import LOGIT_TOLERANCE
from adue.foundation.errors import ModelError
from adue.models.features.classifier import FrozenClassifier
from adue.models.onnx.extra import import_optional
from adue.models.onnx.graph import INSTEAD
from adue.models.onnx.session import open_session

TRACED = ("a short text", "another one, a little longer than the first", "a third")
"""Texts of different length, more of them than one: sizes that must not become constants."""


def traced_batch(classifier: FrozenClassifier) -> dict[str, Tensor]:
    """Return the batch that a graph of `classifier` is traced and tried on."""
    return {
        name: values.cpu()
        for name, values in classifier.collate(classifier.tokenize(classifier.probe_rows(TRACED))).items()
    }


def write_graph(
    module: nn.Module,
    batch: Mapping[str, Tensor],
    path: Path,
    *,
    name: str,
    outputs: Sequence[str],
    inner: Sequence[str] = (),
) -> None:
    """Trace `module` on `batch`, write it to `path`, and prove that ONNX Runtime answers as PyTorch does.

    Parameters
    ----------
    module
        Takes a padded batch as its only argument `inputs`, and returns a tuple of tensors.
    name
        What an error calls the model.
    outputs
        Names of the first tensors that it returns, which are the graph's answers.
    inner
        Names of the other ones, which are no answers and keep these names inside the graph.

    Raises
    ------
    MissingExtraError
        When the packages of the extra ``onnx`` are not installed.
    ModelError
        When it cannot be traced, or answers otherwise.
    """
    require_extra()
    sizes = {0: torch.export.Dim("rows"), 1: torch.export.Dim("tokens")}
    try:
        with _quiet_export():
            program = torch.onnx.export(
                module,
                kwargs={"inputs": dict(batch)},
                dynamic_shapes={"inputs": dict.fromkeys(batch, sizes)},
                input_names=list(batch),
                output_names=[*outputs, *inner],
                dynamo=True,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        reason = str(error.__cause__ or error).strip().split("\n", 1)[0]
        raise ModelError(f"torch.onnx cannot export a {name} ({reason}); {INSTEAD}") from error
    assert program is not None  # noqa: S101 - None is for a graph that goes to a file at once
    del program.model.graph.outputs[len(outputs) :]
    program.save(path)
    session = open_session(path)
    for given in (batch, {key: values[:1] for key, values in batch.items()}):
        prove(session, given, dict(zip(outputs, module(given), strict=False)), name)


def prove(session: Any, batch: Mapping[str, Tensor], expected: Mapping[str, Tensor], name: str) -> None:
    """Compare what a graph says about `batch` with what PyTorch said.

    Raises
    ------
    ModelError
        When one of the outputs is another.
    """
    answers = session.run(list(expected), {key: values.numpy() for key, values in batch.items()})
    for (output, wanted), got in zip(expected.items(), answers, strict=True):
        gap = float(np.abs(wanted.numpy() - got).max())
        if not gap <= LOGIT_TOLERANCE * (1 + float(wanted.abs().max())):
            raise ModelError(f"the graph of {name} gives other {output} than PyTorch (by {gap:.2g}); {INSTEAD}")


def require_extra() -> None:
    """Refuse to begin without one of the packages that a graph is written with.

    Raises
    ------
    MissingExtraError
        When one is not installed.
    """
    for package in ("onnx", "onnxscript", "onnxruntime"):
        import_optional(package)


@contextmanager
def _quiet_export() -> Iterator[None]:
    """Silence what torch and transformers say to each other while a model is traced."""
    logger = logging.getLogger("torch.onnx._internal.exporter")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
