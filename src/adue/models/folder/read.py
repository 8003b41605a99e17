"""Step two: what a folder says about its classifier, read once into one value, without torch, transformers or PEFT."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from adue.foundation.config import Reading
from adue.foundation.config.multi_label_config import MULTI_LABEL
from adue.foundation.errors import ArtifactError, DataError
from adue.foundation.tensor_files import StoredTensor, read_header, stored_sha256
from adue.models.folder.file_names import (
    ADAPTER_CONFIG_FILE,
    ADAPTER_FILE,
    CONFIG_FILE,
    MODEL_CONFIG_FILE,
    MODEL_FILES,
    PICKLED_ADAPTER_FILE,
    TRAINING_FILE,
)
from adue.models.folder.find import require_classifier
from adue.models.folder.saved_head import has_head

Kind = Literal["adapter", "whole model"]

_CURE = "copy it again, or save the adapter again"


@dataclass(frozen=True)
class SavedFolder:
    """What lies in the folder of a classifier.

    Attributes
    ----------
    path
        The folder.
    kind
        Whether it holds an adapter of a base model, or a whole model.
    config
        What ``adapter_config.json`` says, for a whole model ``config.json``.
    tensors
        Names, types and shapes of the adapter's tensors, or of the whole model's.
    sha256
        Of these tensors.
    model_config
        What a ``config.json`` beside an adapter says; empty where there is none that can be read.
    training
        What ``adue train`` wrote beside the adapter; empty where it wrote nothing that can be read.
    head
        What ``adue_config.json`` says, as it stands there; empty where there is none that can be read.
    has_head
        Whether there is an uncertainty head, or a part of one.
    """

    path: Path
    kind: Kind
    config: Mapping[str, Any]
    tensors: Mapping[str, StoredTensor]
    sha256: str
    model_config: Mapping[str, Any]
    training: Mapping[str, Any]
    head: Mapping[str, Any]
    has_head: bool

    @property
    def base_model(self) -> str | None:
        """What the adapter calls its base model; None for a whole model."""
        return self.config.get("base_model_name_or_path") if self.kind == "adapter" else None

    @property
    def id2label(self) -> dict[int, str] | None:
        """Names of the classes, where they were written down: by adue, else in a ``config.json`` beside the adapter.

        A head may have been fitted with better names than the adapter was trained with.
        """
        found = (_names_in(record) for record in (self.head, self.training, self.model_config))
        return next((names for names in found if names is not None), None)

    @property
    def problem_type(self) -> str | None:
        """What the classifier was trained for, as transformers calls it, where that was written down beside it."""
        return "single_label_classification" if self.training else self.model_config.get("problem_type")

    @property
    def has_label_heads(self) -> bool:
        """Whether the uncertainty heads beside it are those of several labels per text."""
        return self.has_head and self.head.get("problem") == MULTI_LABEL

    @property
    def max_length(self) -> int | None:
        """Tokens per text in training, where it is known."""
        tokens = self.training.get("max_length")
        return tokens if isinstance(tokens, int) and tokens > 0 else None

    @property
    def reading(self) -> Reading | None:
        """What was done to every text in training, where it is known.

        Raises
        ------
        ArtifactError
            When what is written down is no such thing.
        """
        if "reading" not in self.training:
            return None
        try:
            return Reading.from_dict(self.training["reading"])
        except DataError as error:
            raise ArtifactError(f"{self.path / TRAINING_FILE} is damaged: {error}; {_CURE}") from error


def read_folder(path: Path) -> SavedFolder:
    """Return what lies in the folder `path`.

    Raises
    ------
    ModelError
        When it holds neither an adapter nor a model.
    ArtifactError
        When a file that the classifier needs is missing, damaged, or a pickle.
    """
    require_classifier(path)
    kind: Kind = "adapter" if (path / ADAPTER_CONFIG_FILE).is_file() else "whole model"
    config = read_json(path / (ADAPTER_CONFIG_FILE if kind == "adapter" else MODEL_CONFIG_FILE))
    tensors = read_tensors([_find_adapter_file(path)] if kind == "adapter" else sorted(path.glob(MODEL_FILES)))
    return SavedFolder(
        path=path,
        kind=kind,
        config=config,
        tensors=tensors,
        sha256=stored_sha256(tensors),
        model_config=_read_record(path / MODEL_CONFIG_FILE) if kind == "adapter" else {},
        training=_read_record(path / TRAINING_FILE),
        head=_read_record(path / CONFIG_FILE),
        has_head=has_head(path),
    )


def read_tensors(files: Sequence[Path]) -> dict[str, StoredTensor]:
    """Return names, types and shapes of the tensors in safetensors `files`; their bytes stay where they are.

    Raises
    ------
    ArtifactError
        When a file is missing, damaged or cut short.
    """
    tensors: dict[str, StoredTensor] = {}
    for file in files:
        try:
            tensors |= read_header(file)
        except (OSError, ValueError) as error:
            raise ArtifactError(f"{file} is damaged or cut short ({error}); copy or save it again") from error
    return tensors


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in the file `path`.

    Raises
    ------
    ArtifactError
        When it cannot be read, or is something else.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read ({error}); {_CURE}") from error
    if not isinstance(values, dict):
        raise ArtifactError(f"{path} cannot be read (it is not a JSON object); {_CURE}")
    return values


def _find_adapter_file(path: Path) -> Path:
    file = path / ADAPTER_FILE
    if not file.is_file():
        pickled = (path / PICKLED_ADAPTER_FILE).is_file()
        cure = (
            "it holds a pickled .bin only; save the adapter again with save_pretrained" if pickled else "copy it there"
        )
        raise ArtifactError(f"{path} has no {ADAPTER_FILE}; {cure}")
    return file


def _names_in(record: Mapping[str, Any]) -> dict[int, str] | None:
    names = record.get("id2label")
    try:
        return {int(index): str(label) for index, label in names.items()} if isinstance(names, dict) else None
    except ValueError:
        return None


def _read_record(path: Path) -> dict[str, Any]:
    """Return what was written down beside the classifier; empty where there is nothing that can be read."""
    try:
        return read_json(path)
    except ArtifactError:
        return {}
