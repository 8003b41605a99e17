"""The adapter of a cell: the one that is there, if it was trained as the configuration says, else a new one."""

import json
from pathlib import Path

from adue.datasets import fingerprint
from adue.foundation.errors import ArtifactError, DataError
from adue.models.pretrained import canonical_base_model
from adue.research.benchmark.configuration import Task
from adue.research.benchmark.task_rows import TaskRows
from adue.training import RECORD_NAME, TrainingRecord, train_adapter


def ensure_adapter(folder: Path, task: Task, seed: int, rows: TaskRows, *, train: bool = True) -> bool:
    """Make sure that `folder` holds the adapter of this cell and return whether it does.

    Parameters
    ----------
    train
        Whether a missing adapter is trained; otherwise the answer is False.

    Raises
    ------
    ArtifactError
        When `folder` holds an adapter that was not trained as the configuration says; it is never overwritten.
    """
    if (folder / "adapter_config.json").is_file():
        _refuse_other(folder, task, seed, rows)
        return True
    if train:
        train_adapter(
            task.base_model,
            rows.train,
            rows.validation,
            folder,
            task.settings(seed),
            id2label=rows.id2label,
        )
    return train


def _refuse_other(folder: Path, task: Task, seed: int, rows: TaskRows) -> None:
    record = _read_record(folder)
    wanted = task.settings(seed).to_dict() | {
        "base_model": canonical_base_model(task.base_model),
        "data_sha256": fingerprint(rows.train),
        "id2label": rows.id2label,
    }
    found = record.settings.to_dict() | {
        "base_model": record.base_model,
        "data_sha256": record.data_sha256,
        "id2label": record.id2label,
    }
    # What a machine computes in is not part of the configuration.
    differing = [name for name in wanted if name != "bf16" and wanted[name] != found[name]]
    if differing:
        differences = ", ".join(f"{name} {_short(found[name])}, not {_short(wanted[name])}" for name in differing)
        raise ArtifactError(
            f"the adapter in {folder} was not trained as the configuration says ({differences}); "
            "move it away to train it again, or change the configuration"
        )


def _read_record(folder: Path) -> TrainingRecord:
    try:
        return TrainingRecord.from_dict(json.loads((folder / RECORD_NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, DataError) as error:
        raise ArtifactError(
            f"{folder} holds an adapter, but no {RECORD_NAME} that says how it was trained ({error}); move it away"
        ) from error


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."  # noqa: PLR2004
