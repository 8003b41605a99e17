"""Writing the graph, its tokenizer and its manifest; proven against PyTorch before it is put in place."""

import json
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

from adue.foundation.errors import ArtifactError
from adue.foundation.files import atomic_write
from adue.models.export.graph import OUTPUTS, ClassifierWithHead
from adue.models.export.int8 import quantise
from adue.models.export.manifest import MANIFEST_FILE, Manifest
from adue.models.features.limits import window_stride
from adue.models.folder.file_names import ANSWERS_FILE
from adue.models.model import AdueModel
from adue.models.onnx.graph import FEATURES, GRAPH_FILE
from adue.models.onnx.trace import require_extra, traced_batch, write_graph


def export_onnx(model: AdueModel, folder: str | Path, *, int8: bool = False) -> Path:
    """Write `model` as one graph into `folder`, with its tokenizer and ``adue_onnx.json``, and return the graph's path.

    The graph holds the base model with the adapter merged into it, the classifier's own head and the uncertainty head,
    all in float32. Inputs are what the tokenizer gives, of any number of rows and tokens; outputs are ``logits``,
    ``probabilities`` and ``uncertainty``. :class:`adue.models.export.OnnxAdueModel` serves the folder.

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
    require_extra()
    if model.fitted is None:
        raise ArtifactError("there is no uncertainty head to export; fit one with model.fit(...) or adue fit")
    folder = Path(folder)
    classifier = model.classifier
    graph = ClassifierWithHead.of(classifier, model.fitted)
    name = type(graph.classifier.model).__name__
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".exporting-") as temporary:
            written = Path(temporary) / GRAPH_FILE
            batch = traced_batch(classifier)
            write_graph(graph, batch, written, name=name, outputs=OUTPUTS, inner=[FEATURES])
            if int8:
                quantise(written)
            classifier.tokenizer.save_pretrained(temporary)
            answers = model.fitted.answers
            if answers is not None:
                Path(temporary, ANSWERS_FILE).write_bytes(answers.to_bytes())
            _put_in_place(Path(temporary), folder)
    except OSError as error:
        raise ArtifactError(f"cannot write {folder}: {error.strerror or error}; choose another folder") from error
    manifest = Manifest(
        adue_version=version("adue"),
        id2label=model.id2label,
        max_length=classifier.max_length,
        reading=classifier.reading,
        stride=window_stride(classifier.limit, classifier.tokenizer, classifier.reading),
        score=model.fitted.config.settings.score,
        precision="int8" if int8 else "float32",
        dtype=str(classifier.dtype).removeprefix("torch."),
        base_model=model.origin.base_model,
        adapter_sha256=model.origin.sha256,
        answers_sha256=None if answers is None else answers.sha256,
    )
    with atomic_write(folder / MANIFEST_FILE) as temporary_manifest:
        temporary_manifest.write_text(json.dumps(manifest.to_dict(), indent=2) + "\n", encoding="utf-8")
    return folder / GRAPH_FILE


def _put_in_place(source: Path, folder: Path) -> None:
    """Move the files; while they move there is no manifest, so that nobody serves half of two exports."""
    (folder / MANIFEST_FILE).unlink(missing_ok=True)
    for path in source.iterdir():
        shutil.move(path, folder / path.name)
