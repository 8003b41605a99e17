"""The graph of a classifier in adue's cache folder: written once, tried when it is opened, replaced where it fails."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock
from torch import Tensor

from adue.foundation.cache import cache_dir
from adue.foundation.errors import ArtifactError, ModelError
from adue.foundation.files import atomic_folder
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.inner import classification_model
from adue.models.onnx.graph import FEATURES, GRAPH_FILE, LOGITS, ClassifierGraph
from adue.models.onnx.session import open_session
from adue.models.onnx.trace import prove, require_extra, traced_batch, write_graph

FORMAT = 1
"""Of what a graph computes; a graph of another format is not found."""


def graph_fingerprint(classifier: FrozenClassifier) -> str:
    """Return 32 hexadecimal digits that change with the classifier's own, and are never the same as those."""
    return hashlib.sha256(f"onnx {FORMAT}\n{classifier.fingerprint}".encode()).hexdigest()[:32]


def graph_path(classifier: FrozenClassifier) -> Path:
    """Return where the graph of `classifier` lies, or will."""
    return cache_dir() / "graphs" / graph_fingerprint(classifier) / GRAPH_FILE


def open_graph(classifier: FrozenClassifier) -> Any:
    """Return ONNX Runtime's session of the graph of `classifier`, which is written where there is none that works.

    Whether found or just written, it has to agree with the classifier on a few texts.

    Raises
    ------
    MissingExtraError
        When the packages of the extra ``onnx`` are not installed.
    ModelError
        When the architecture or the adapter cannot be exported, or the graph answers otherwise.
    ArtifactError
        When the cache folder cannot be written.
    """
    path, batch = graph_path(classifier), traced_batch(classifier)
    features, logits = classifier.forward(batch)
    trial = Trial(batch, {LOGITS: logits, FEATURES: features}, type(classification_model(classifier.model)).__name__)
    found = _find(path, trial)
    if found is not None:
        return found
    require_extra()
    with _lock(path.parent):
        # Another process may have written it meanwhile.
        found = _find(path, trial)
        if found is None:
            _write(classifier, path, trial)
            found = _open_proved(path, trial)
    return found


class Trial(NamedTuple):
    """A few rows, what PyTorch said about them, and what an error calls the model."""

    batch: dict[str, Tensor]
    expected: dict[str, Tensor]
    name: str


def _find(path: Path, trial: Trial) -> Any | None:
    """Return the session of the graph at `path`; None where there is none, or one that is damaged or wrong."""
    try:
        return _open_proved(path, trial)
    except (ArtifactError, ModelError):
        return None


def _open_proved(path: Path, trial: Trial) -> Any:
    session = open_session(path)
    read = {given.name for given in session.get_inputs()}
    if read != set(trial.batch):
        # The weights are the same, and the tokenizer gives other inputs than it did, such as token types.
        raise ArtifactError(f"{path} reads {', '.join(sorted(read))}; it has to be written again")
    prove(session, trial.batch, trial.expected, trial.name)
    return session


def _write(classifier: FrozenClassifier, path: Path, trial: Trial) -> None:
    graph = ClassifierGraph.of(classifier)
    # A folder, for a graph above 2 GB lies in two files.
    with atomic_folder(path.parent) as folder:
        write_graph(graph, trial.batch, folder / path.name, name=trial.name, outputs=[LOGITS, FEATURES])


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Keep other processes from writing `folder` during the block."""
    lock = FileLock(f"{folder}.lock")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        reason = error.strerror or error
        raise ArtifactError(f"cannot write {folder}: {reason}; name another folder in ADUE_CACHE_DIR") from error
    try:
        yield
    finally:
        lock.release()
