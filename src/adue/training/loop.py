"""The training loop: transformers' Trainer, without its messages."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from sklearn.metrics import accuracy_score
from torch.utils.data import Sampler, SequentialSampler
from transformers import (
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    EvalPrediction,
    Trainer,
    TrainingArguments,
)
from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from adue.datasets import texts_of
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.inner import classification_model
from adue.models.pretrained import quiet_transformers
from adue.training.attention import short_attention
from adue.training.dropout import quick_dropouts
from adue.training.record import EpochRecord, read_history
from adue.training.settings import TrainingSettings

IDENTITY = "run.json"
"""In the folder of checkpoints: what they are checkpoints of."""


class SilentBar(ProgressCallback):
    """A progress bar on standard error that keeps the log of the Trainer off standard output."""

    def on_log(self, *_: Any, **__: Any) -> None:
        """Print nothing."""


class _SortedEvaluation(Trainer):
    """A Trainer that evaluates rows in the order they have, where training groups them by length."""

    def _get_eval_sampler(self, eval_dataset: Dataset) -> Sampler[int]:
        return SequentialSampler(eval_dataset)


def run_trainer(
    classifier: FrozenClassifier,
    train: Dataset,
    validation: Dataset,
    settings: TrainingSettings,
    *,
    checkpoints: Path,
    identity: Mapping[str, Any],
    show_progress_bar: bool,
) -> tuple[tuple[EpochRecord, ...], bool, int]:
    """Train the classifier's adapter and leave it at its best epoch.

    Returns the history, whether it was resumed, and how many training texts were cut.

    Parameters
    ----------
    train, validation
        Data sets with the columns ``text`` and ``label`` (class ids).
    checkpoints
        Folder for checkpoints; a run goes on from those with the same `identity`, others are deleted.
    """
    last = _last_checkpoint(checkpoints, identity)
    if last is not None:
        settings = _keep_stopped(settings, last)
    evaluated, _ = _tokenize(validation, classifier)
    trained, cut = _tokenize(train, classifier)
    trainer = _SortedEvaluation(
        model=classifier.model,
        args=_arguments(checkpoints, settings, show_progress_bar=show_progress_bar),
        train_dataset=trained,
        eval_dataset=evaluated.select(np.argsort(evaluated["length"][:])[::-1]),
        data_collator=DataCollatorWithPadding(classifier.tokenizer),
        compute_metrics=_accuracy,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=settings.patience)],
    )
    trainer.remove_callback(PrinterCallback)
    if trainer.pop_callback(ProgressCallback) is not None:
        trainer.add_callback(SilentBar)
    model = classifier.model
    with quiet_transformers(), quick_dropouts(model), short_attention(classification_model(model)):
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
    # With bf16 the Trainer leaves the model in autocast; what is proved later is the model as it will be used.
    trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    return read_history(trainer.state.log_history), last is not None, cut


def _tokenize(rows: Dataset, classifier: FrozenClassifier) -> tuple[Dataset, int]:
    """Return the rows as the Trainer takes them, and how many of their texts were cut."""
    encodings = classifier.tokenize(texts_of(rows)[:])
    inputs = [encoding.inputs for encoding in encodings]
    columns: dict[str, list[Any]] = {name: [row[name] for row in inputs] for name in inputs[0]}
    columns["length"] = [len(row["input_ids"]) for row in inputs]
    return Dataset.from_dict(columns | {"labels": rows["label"][:]}), sum(encoding.cut for encoding in encodings)


def _last_checkpoint(folder: Path, identity: Mapping[str, Any]) -> Path | None:
    written = json.dumps(identity, sort_keys=True)
    mark = folder / IDENTITY
    if mark.is_file() and mark.read_text(encoding="utf-8") == written:
        # The Trainer's state is written last: a checkpoint without it, or with half of it, was cut short.
        found = (path.parent for path in folder.glob(f"checkpoint-*/{TRAINER_STATE_NAME}"))
        newest_first = sorted(found, key=lambda path: int(path.name.rsplit("-", 1)[1]), reverse=True)
        return next((path for path in newest_first if _read_state(path) is not None), None)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark.write_text(written, encoding="utf-8")
    return None


def _read_state(checkpoint: Path) -> dict[str, Any] | None:
    """Return what the Trainer knew at a checkpoint, None where it was not written to the end."""
    try:
        state: dict[str, Any] = json.loads((checkpoint / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
    except ValueError:
        return None
    return state


def _keep_stopped(settings: TrainingSettings, checkpoint: Path) -> TrainingSettings:
    """Return settings under which a run that had stopped early before it is resumed does no more epochs.

    The Trainer remembers for how many epochs nothing was gained, but not that it had stopped for it.
    """
    state = _read_state(checkpoint) or {}
    stopping = state.get("stateful_callbacks", {}).get(EarlyStoppingCallback.__name__, {}).get("attributes", {})
    if stopping.get("early_stopping_patience_counter", 0) < settings.patience:
        return settings
    return settings.model_copy(update={"max_epochs": round(state["epoch"])})


def _arguments(folder: Path, settings: TrainingSettings, *, show_progress_bar: bool) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder),
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        warmup_steps=settings.warmup_fraction,
        num_train_epochs=settings.max_epochs,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=settings.batch_size,
        train_sampling_strategy="group_by_length",
        bf16=settings.computes_in_bf16,
        seed=settings.seed,
        use_cpu=not torch.cuda.is_available(),
        dataloader_pin_memory=torch.cuda.is_available(),
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="accuracy",
        restore_callback_states_from_checkpoint=True,
        label_names=["labels"],
        disable_tqdm=not show_progress_bar,
        report_to="none",
    )


def _accuracy(prediction: EvalPrediction) -> dict[str, float]:
    answers = np.asarray(prediction.predictions).argmax(axis=-1)
    return {"accuracy": float(accuracy_score(prediction.label_ids, answers))}
