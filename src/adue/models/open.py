"""The way of a folder from top to bottom: find it, read it, build its model, add the head that was fitted to it.

The last step, proving where the classification head sits, is the model class's own: what a row is differs by task.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import TaskType

from adue.foundation.config import Provenance, Reading, TokenLimit
from adue.foundation.errors import ModelError
from adue.heads.fitted import FittedHead
from adue.models.folder.find import find_folder
from adue.models.folder.limits import recorded_limit
from adue.models.folder.read import read_folder
from adue.models.folder.saved_labels import several_labels
from adue.models.head_files import load_head
from adue.models.onnx.classifier import Backend, require_runnable
from adue.models.trained.build import LoadedModel, build_model


@dataclass(frozen=True)
class OpenedFolder:
    """What a folder holds: a model that was trained and, if there is one, the head fitted to it."""

    loaded: LoadedModel
    fitted: FittedHead | None

    @property
    def head_path(self) -> str | None:
        """The classification head's last layer, where somebody had to name it."""
        return self._provenance.head_path if self._provenance else None

    @property
    def limit(self) -> TokenLimit | None:
        """Tokens per text as the head was fitted, else as the adapter was trained; None where neither is known."""
        fitted = self._provenance.max_length if self._provenance else None
        return recorded_limit(fitted, self.loaded.origin.max_length)

    @property
    def reading(self) -> Reading:
        """What was done to every text as the head was fitted, else as the adapter was trained; else nothing."""
        return self._provenance.reading if self._provenance else self.loaded.origin.reading or Reading()

    @property
    def _provenance(self) -> Provenance | None:
        return self.fitted.config.provenance if self.fitted else None


def open_folder(
    name: str | Path,
    task: TaskType,
    *,
    revision: str | None = None,
    with_head: bool = True,
    with_answers: bool = True,
    backend: Backend = "torch",
    **options: Any,
) -> OpenedFolder:
    """Return the adapter (or whole model) in a folder or on the Hugging Face hub, with its head if it has one.

    Parameters
    ----------
    with_head
        Whether to load the uncertainty head; False to fit another in place of one that is damaged or outdated.
    with_answers
        Whether the answers that are stored with the head have to be whole.
    backend
        What is going to compute the forward pass; ``onnx`` reads any checkpoint in float32, and whole texts only.
    **options
        See :func:`adue.models.trained.build.build_model`.

    Raises
    ------
    ModelError
        When the base model is not there, the classification head was never saved, or the task is another.
    ArtifactError
        When a file is damaged, or the uncertainty head belongs to another adapter or answers several labels.
    """
    refuse_backend(backend, task)
    if backend == "onnx":
        if options.get("dtype", "auto") == "auto":
            options["dtype"] = torch.float32
        require_runnable(options.get("device", "cpu"), options["dtype"])
    folder = find_folder(name, revision, with_code=options.get("trust_remote_code", False))
    saved = read_folder(folder)
    if with_head and saved.has_label_heads:
        raise several_labels(folder)
    loaded = build_model(saved, task=task, **options)
    wanted = with_head and saved.has_head
    head = load_head(folder, adapter_sha256=saved.sha256, with_answers=with_answers) if wanted else None
    return OpenedFolder(loaded, head)


def refuse_backend(backend: Backend, task: TaskType) -> None:
    """Refuse a backend that does not do a task.

    Raises
    ------
    ModelError
        When ONNX Runtime is asked for something else than the classes of whole texts.
    """
    if backend == "onnx" and task != TaskType.SEQ_CLS:
        raise ModelError(f"the backend onnx classifies whole texts only, not {task.value}; use the backend torch")
