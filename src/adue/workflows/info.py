"""`adue info`: what is in an adapter's folder, read without loading a model."""

import json
from pathlib import Path
from typing import Any

from adue.foundation.config import AdueConfig
from adue.foundation.errors import ArtifactError, ModelError
from adue.foundation.result import Result
from adue.models.folder.find import find_folder
from adue.models.folder.read import read_folder
from adue.models.persistence import has_head, load_head


class InfoResult(Result):
    """An adapter's folder in facts; `head` is None where no head has been fitted, `problem` says what is wrong."""

    folder: str
    kind: str
    """``LORA``, ``IA3`` ..., or ``whole model``."""
    base_model: str | None
    adapter_sha256: str
    adapter_settings: dict[str, Any]
    training: dict[str, Any] | None
    head: AdueConfig | None
    problem: str | None = None


_SHOWN = ("r", "lora_alpha", "lora_dropout", "target_modules", "modules_to_save", "use_dora", "use_rslora", "task_type")


def info(adapter: str | Path) -> InfoResult:
    """Return what the folder of `adapter` says about itself.

    Raises
    ------
    ModelError
        When the folder holds neither an adapter nor a model.
    ArtifactError
        When a file in it is damaged.
    """
    folder = find_folder(adapter)
    settings = _read_json(folder / "adapter_config.json")
    whole = _read_json(folder / "config.json")
    if settings is None and whole is None:
        raise ModelError(f"{folder} holds neither an adapter nor a model; give the folder that save_pretrained wrote")
    sha256 = read_folder(folder).sha256
    head, problem = None, None
    if has_head(folder):
        try:
            head = load_head(folder, adapter_sha256=sha256).config
        except ArtifactError as error:
            problem = str(error)
    return InfoResult(
        folder=str(folder),
        kind="whole model" if settings is None else str(settings.get("peft_type", "adapter")),
        base_model=None if settings is None else settings.get("base_model_name_or_path"),
        adapter_sha256=sha256,
        adapter_settings={name: settings[name] for name in _SHOWN if settings and settings.get(name) is not None},
        training=_read_json(folder / "adue_training.json"),
        head=head,
        problem=problem,
    )


def _read_json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read ({error}); copy or save it again") from error
    if not isinstance(values, dict):
        raise ArtifactError(f"{path} is not a JSON object; copy or save it again")
    return values
