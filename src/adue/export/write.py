"""Writing the graph, its tokenizer and its manifest; proven against PyTorch before it is put in place."""

import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from adue.errors import ArtifactError, ModelError
from adue.export.extra import optional
from adue.export.graph import FEATURES, OUTPUTS, ClassifierWithHead
from adue.export.int8 import quantise
from adue.export.manifest import GRAPH_FILE, MANIFEST_FILE, Manifest
from adue.export.runtime import open_session
from adue.files import atomic_write
from adue.model import AdueModel

TOLERANCE = 1e-3
"""How far the graph's answers may lie from PyTorch's, relative to the largest; above rounding, below any mistake."""
TRACED = ("a short text", "another one, a little longer than the first", "a third")
"""Texts of different length, more of them than one: sizes that must not become constants."""


def export_onnx(model: AdueModel, folder: str | Path, *, int8: bool = False) -> Path:
    """Write `model` as one graph into `folder`, with its tokenizer and ``adue_onnx.json``, and return the graph's path.

    The graph holds the base model with the adapter merged into it, the classifier's own head and the uncertainty head,
    all in float32. Inputs are what the tokenizer gives, of any number of rows and tokens; outputs are ``logits``,
    ``probabilities`` and ``uncertainty``. :class:`adue.export.OnnxAdueModel` serves the folder.

    Parameters
    ----------
    int8
        Keep the base model's matrices as 8-bit integers and quantise what they are multiplied with on the fly: smaller,
        and answers change; both heads stay in float32.

    Raises
    ------
    MissingExtraError
        When the packages of the extra ``onnx`` are not installed.
    ModelError
        When the architecture or the adapter cannot be exported.
    ArtifactError
        When no head has been fitted, or a file cannot be written.
    """
    for package in ("onnx", "onnxscript", "onnxruntime"):
        optional(package)
    if model.fitted is None:
        raise ArtifactError("there is no uncertainty head to export; fit one with model.fit(...) or adue fit")
    folder = Path(folder)
    classifier = model.classifier
    graph = ClassifierWithHead.of(classifier, model.fitted)
    encodings = classifier.tokenize(TRACED)
    batch = {name: values.cpu() for name, values in classifier.collate(encodings).items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".exporting-") as temporary:
            written = Path(temporary) / GRAPH_FILE
            write_graph(graph, batch, written)
            if int8:
                quantise(written)
            classifier.tokenizer.save_pretrained(temporary)
            _put_in_place(Path(temporary), folder)
    except OSError as error:
        raise ArtifactError(f"cannot write {folder}: {error.strerror or error}; choose another folder") from error
    manifest = Manifest(
        adue_version=version("adue"),
        id2label=model.id2label,
        max_length=classifier.max_length,
        score=model.fitted.config.settings.score,
        precision="int8" if int8 else "float32",
        base_model=model.origin.base_model,
        adapter_sha256=model.origin.sha256,
    )
    with atomic_write(folder / MANIFEST_FILE) as temporary_manifest:
        temporary_manifest.write_text(json.dumps(manifest.to_dict(), indent=2) + "\n", encoding="utf-8")
    return folder / GRAPH_FILE


def write_graph(graph: ClassifierWithHead, batch: Mapping[str, Tensor], path: Path) -> None:
    """Trace `graph` on `batch`, write it to `path`, and prove that ONNX Runtime answers as PyTorch does.

    Raises
    ------
    ModelError
        When it cannot be traced, or answers otherwise.
    """
    sizes = {0: torch.export.Dim("rows"), 1: torch.export.Dim("tokens")}
    name = type(graph.model).__name__
    try:
        with _quiet_export():
            program = torch.onnx.export(
                graph,
                kwargs={"inputs": dict(batch)},
                dynamic_shapes={"inputs": dict.fromkeys(batch, sizes)},
                input_names=list(batch),
                output_names=[*OUTPUTS, FEATURES],
                dynamo=True,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        reason = str(error.__cause__ or error).strip().split("\n", 1)[0]
        raise ModelError(f"torch.onnx cannot export a {name} ({reason}); serve it with adue predict instead") from error
    assert program is not None  # noqa: S101 - None is for a graph that goes to a file at once
    # h(x) keeps its name inside, and is no answer.
    program.model.graph.outputs.pop()
    program.save(path)
    one_row = {key: values[:1] for key, values in batch.items()}
    for given in (batch, one_row):
        _prove(graph, given, path, name)


def _prove(graph: ClassifierWithHead, batch: Mapping[str, Tensor], path: Path, name: str) -> None:
    answers = open_session(path).run(OUTPUTS, {key: values.numpy() for key, values in batch.items()})
    for output, expected, got in zip(OUTPUTS, graph(batch)[:-1], answers, strict=True):
        gap = float(np.abs(expected.numpy() - got).max())
        if not gap <= TOLERANCE * (1 + float(expected.abs().max())):
            raise ModelError(
                f"the exported graph of {name} gives other {output} than PyTorch (by {gap:.2g}); "
                "serve it with adue predict instead"
            )


def _put_in_place(source: Path, folder: Path) -> None:
    """Move the files; while they move there is no manifest, so that nobody serves half of two exports."""
    (folder / MANIFEST_FILE).unlink(missing_ok=True)
    for path in source.iterdir():
        shutil.move(path, folder / path.name)


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
