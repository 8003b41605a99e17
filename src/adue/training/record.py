"""The record of a training run: ``adue_training.json`` beside the adapter."""

import math
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import Field

from adue.foundation.config import Fraction, FrozenConfig, Reading, TokenLimit
from adue.foundation.errors import ModelError
from adue.foundation.result import Result
from adue.training.settings import TrainingSettings

RECORD_NAME = "adue_training.json"


class EpochRecord(FrozenConfig):
    """One epoch: mean loss on the training rows, loss and accuracy on all validation rows."""

    epoch: int = Field(ge=1)
    train_loss: float
    validation_loss: float
    validation_accuracy: Fraction


class TrainingRecord(FrozenConfig):
    """Everything that is needed to assess an adapter or to train it again."""

    base_model: str
    base_model_revision: str | None = None
    id2label: dict[int, str]
    settings: TrainingSettings
    max_length: int = Field(gt=0)
    """In tokens, as used; also the length to evaluate with."""
    reading: Reading = Reading()
    """What was done to every text, and whether rows were pairs; also what to evaluate with."""
    train_rows: int = Field(gt=0)
    validation_rows: int = Field(gt=0)
    data_sha256: str | None = None
    best_epoch: int = Field(ge=1)
    validation_accuracy: Fraction
    validation_majority_accuracy: Fraction
    history: tuple[EpochRecord, ...]
    versions: dict[str, str]


class TrainingResult(Result):
    """A trained adapter and its record; `seconds` is this process's share where the run was resumed.

    `notes` say what was done to the data first.
    """

    adapter: str
    record: TrainingRecord
    device: str
    """Where it was trained."""
    seconds: float
    resumed: bool
    limit: TokenLimit
    """How many tokens of a text were read, and who says so."""
    texts_cut: int
    """How many training texts had more tokens than were read."""
    text_columns: tuple[str, ...] = ()
    """The columns that were read as the text; two where rows are pairs."""
    notes: tuple[str, ...] = ()


def read_history(log_history: list[dict[str, Any]]) -> tuple[EpochRecord, ...]:
    """Return the epochs in the log of a transformers Trainer.

    Raises
    ------
    ModelError
        When a loss is not a number: training has diverged.
    """
    losses = {round(entry["epoch"]): entry["loss"] for entry in log_history if "loss" in entry}
    for entry in log_history:
        if not all(math.isfinite(entry.get(name, 0)) for name in ("loss", "eval_loss")):
            raise ModelError(f"the loss of epoch {round(entry['epoch'])} is not a number; try a smaller --lr")
    return tuple(
        EpochRecord(
            epoch=round(entry["epoch"]),
            train_loss=losses[round(entry["epoch"])],
            validation_loss=entry["eval_loss"],
            validation_accuracy=entry["eval_accuracy"],
        )
        for entry in log_history
        if "eval_accuracy" in entry
    )


def library_versions() -> dict[str, str]:
    """Return the versions of the packages that decide on the weights."""
    return {name: version(name) for name in ("adue", "torch", "transformers", "peft")}


def write_record(record: TrainingRecord, folder: Path) -> None:
    """Write ``adue_training.json`` into a folder that nobody reads yet."""
    (folder / RECORD_NAME).write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")
