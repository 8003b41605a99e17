"""`adue info`: what is in an adapter's folder, read without loading a model."""

from pathlib import Path
from typing import Any

from adue.foundation.config import AdueConfig, SavedAnswers, Setup, TokenLimit
from adue.foundation.config.multi_label_config import MultiLabelConfig
from adue.foundation.errors import ArtifactError
from adue.foundation.result import Result
from adue.models.folder.file_names import TRAINING_FILE
from adue.models.folder.find import find_folder
from adue.models.folder.limits import limit_in_files, recorded_limit
from adue.models.folder.read import read_folder, read_json
from adue.models.folder.saved_head import check_answers, check_head
from adue.models.folder.saved_labels import check_labels


class StoredAnswers(Result):
    """What is stored of the answers at fitting."""

    rows: int
    probe: bool
    setup: Setup


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
    answers: StoredAnswers | None = None
    """None where no answers are stored with the head."""
    limit: TokenLimit | None = None
    """How many tokens of a text are read, and who says so; None where that takes files that are not here."""
    labels: MultiLabelConfig | None = None
    """The heads, where they are those of several labels per text."""
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
    saved = read_folder(find_folder(adapter))
    settings = saved.config if saved.kind == "adapter" else {}
    training = saved.path / TRAINING_FILE
    head, labels, answers, problem = None, None, None, None
    if saved.has_head:
        try:
            if saved.has_label_heads:
                labels = check_labels(saved.path, adapter_sha256=saved.sha256)
            else:
                head = check_head(saved.path, adapter_sha256=saved.sha256)
                answers = _summarise(check_answers(saved.path, head))
        except ArtifactError as error:
            problem = str(error)
    heads = labels or head
    fitted = None if heads is None or heads.provenance is None else heads.provenance.max_length
    recorded = recorded_limit(fitted, saved.max_length)
    return InfoResult(
        folder=str(saved.path),
        kind=str(settings.get("peft_type", saved.kind)),
        base_model=saved.base_model,
        adapter_sha256=saved.sha256,
        adapter_settings={name: settings[name] for name in _SHOWN if settings.get(name) is not None},
        training=read_json(training) if training.is_file() else None,
        head=head,
        answers=answers,
        limit=limit_in_files(saved.path, saved.base_model, recorded),
        labels=labels,
        problem=problem,
    )


def _summarise(answers: SavedAnswers | None) -> StoredAnswers | None:
    if answers is None:
        return None
    return StoredAnswers(rows=len(answers.texts), probe=answers.probe is not None, setup=answers.setup)
