"""`adue train` against a plain transformers Trainer: same LoRA, hyperparameters and epochs, one evaluation an epoch.

Each pair of runs has a seed of its own, so that the accuracies can be held against what a seed changes. Both ways are
timed from the base model's name to the adapter on disk.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from peft import LoraConfig, TaskType, get_peft_model
from sklearn.metrics import accuracy_score
from transformers import DataCollatorWithPadding, EvalPrediction, Trainer, TrainingArguments, set_seed

from adue.datasets import load_splits
from adue.models.pretrained import load_classifier, quiet_peft, quiet_transformers
from adue.training import TARGET_MODULES, TrainingSettings, train_adapter
from measure import Run, arguments, in_turn, report, timed


@dataclass(frozen=True)
class Trained:
    """Validation accuracy, and the seconds of all cores, which a busy machine distorts less than those of the clock."""

    accuracy: float
    processor_seconds: float


@dataclass(frozen=True)
class Task:
    """What is trained: a base model on the first rows of the packaged movie reviews."""

    model: str
    train_rows: int
    validation_rows: int
    epochs: int
    learning_rate: float

    def rows(self) -> tuple[Dataset, Dataset]:
        """Return the rows to train on and the rows to choose the epoch on."""
        splits = load_splits("reviews")
        shuffled = (splits[name].shuffle(seed=0) for name in ("train", "validation"))
        train, validation = (
            rows.select(range(count))
            for rows, count in zip(shuffled, (self.train_rows, self.validation_rows), strict=True)
        )
        return train, validation

    def settings(self, seed: int, *, bf16: bool | None = None) -> TrainingSettings:
        """Return the hyperparameters of both ways."""
        return TrainingSettings(learning_rate=self.learning_rate, max_epochs=self.epochs, seed=seed, bf16=bf16)


NAMES = {0: "negative", 1: "positive"}
SMALL = Task("minilm", train_rows=480, validation_rows=200, epochs=1, learning_rate=1e-3)
MINILM = Task("minilm", train_rows=2000, validation_rows=1000, epochs=2, learning_rate=1e-3)
SMOLLM2 = Task("smollm2-135m", train_rows=2000, validation_rows=200, epochs=1, learning_rate=5e-4)


def train_ours(task: Task, bf16: bool | None, seed: int) -> Run:
    """Return our run; its answer is what was Trained."""
    train, validation = task.rows()
    with tempfile.TemporaryDirectory() as folder:
        out, settings = Path(folder) / "adapter", task.settings(seed, bf16=bf16)
        work = partial(train_adapter, task.model, train, validation, out, settings, id2label=NAMES)
        return timed(lambda: _with_processor_time(lambda: work().record.validation_accuracy))


def train_plainly(task: Task, seed: int) -> Run:
    """Return the ordinary run with the same answer."""
    train, validation = task.rows()
    with tempfile.TemporaryDirectory() as folder, quiet_transformers():
        work = partial(_plain, task, task.settings(seed), train, validation, Path(folder))
        with redirect_stdout(sys.stderr):
            return timed(lambda: _with_processor_time(work))


def _with_processor_time(train: Callable[[], float]) -> Trained:
    started = time.process_time()
    accuracy = train()
    return Trained(accuracy, time.process_time() - started)


def _plain(task: Task, settings: TrainingSettings, train: Dataset, validation: Dataset, folder: Path) -> float:
    set_seed(settings.seed)
    loaded = load_classifier(task.model, id2label=NAMES)
    lora = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=settings.r,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=list(TARGET_MODULES[loaded.model.config.model_type]),
    )
    with quiet_peft():
        model = get_peft_model(loaded.model, lora)

    def tokenize(rows: dict[str, list[str]]) -> dict[str, list[list[int]]]:
        encoded: dict[str, list[list[int]]] = loaded.tokenizer(rows["text"], truncation=True, max_length=512)
        return encoded

    tokenized = [
        rows.map(tokenize, batched=True, remove_columns=["text"]).rename_column("label", "labels")
        for rows in (train, validation)
    ]
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(folder / "checkpoints"),
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
            warmup_steps=settings.warmup_fraction,
            num_train_epochs=settings.max_epochs,
            per_device_train_batch_size=settings.batch_size,
            per_device_eval_batch_size=settings.batch_size,
            seed=settings.seed,
            eval_strategy="epoch",
            save_strategy="epoch",
            load_best_model_at_end=True,
            metric_for_best_model="accuracy",
            use_cpu=not torch.cuda.is_available(),
            dataloader_pin_memory=torch.cuda.is_available(),
            disable_tqdm=True,
            logging_strategy="no",
            report_to="none",
        ),
        train_dataset=tokenized[0],
        eval_dataset=tokenized[1],
        data_collator=DataCollatorWithPadding(loaded.tokenizer),
        compute_metrics=_accuracy,
    )
    trainer.train()
    trainer.save_model(str(folder / "adapter"))
    return float(trainer.state.best_metric or 0.0)


def _accuracy(prediction: EvalPrediction) -> dict[str, float]:
    answers = np.asarray(prediction.predictions).argmax(axis=-1)
    return {"accuracy": float(accuracy_score(prediction.label_ids, answers))}


def run_seeds(task: Task, seeds: Sequence[int], *, float32: bool) -> list[list[Run]]:
    """Return the runs of our way, of the ordinary one and, if asked for, of ours in float32, one of each a seed."""
    runs: list[list[Run]] = []
    for seed in seeds:
        ways = [partial(train_ours, task, None, seed), partial(train_plainly, task, seed)]
        ways += [partial(train_ours, task, False, seed)] if float32 else []
        runs.append([run for (run,) in in_turn(ways, 1)])
    return [list(way) for way in zip(*runs, strict=True)]


def agree_within_noise(ours: list[Run], ordinary: list[Run], validation_rows: int) -> bool:
    """Tell whether the mean accuracies differ by less than two standard errors: of seeds, and of a share of rows."""
    means = [statistics.mean(run.answer.accuracy for run in runs) for runs in (ours, ordinary)]
    seeds = sum(
        statistics.variance(run.answer.accuracy for run in runs) / len(runs)
        for runs in (ours, ordinary)
        if len(runs) > 1
    )
    share = means[1] * (1 - means[1]) / validation_rows
    return bool(abs(means[0] - means[1]) <= 2 * (seeds + share) ** 0.5)


def summary(task: Task, ours: list[Run], ordinary: list[Run]) -> dict[str, Any]:
    """Return what one comparison tells beside its times."""
    rows = task.train_rows * task.epochs
    return {
        "model": task.model,
        "train_rows": task.train_rows,
        "validation_rows": task.validation_rows,
        "epochs": task.epochs,
        "ratio": _median_ratio([run.seconds for run in ordinary], [run.seconds for run in ours]),
        "processor_ratio": _median_ratio(
            [run.answer.processor_seconds for run in ordinary], [run.answer.processor_seconds for run in ours]
        ),
        "rows_per_second": round(rows / statistics.median(run.seconds for run in ours), 1),
        "ordinary_rows_per_second": round(rows / statistics.median(run.seconds for run in ordinary), 1),
        "accuracies": [round(run.answer.accuracy, 4) for run in ours],
        "ordinary_accuracies": [round(run.answer.accuracy, 4) for run in ordinary],
    }


def _median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(above, below, strict=True)), 2)


def main() -> None:
    """Run the benchmark."""
    options = arguments(__doc__)
    task, seeds = (MINILM, range(3)) if options.full else (SMALL, range(1))
    ours, ordinary, in_float32 = run_seeds(task, seeds, float32=True)
    more = {"float32": summary(task, in_float32, ordinary)}
    if options.full:
        more["decoder"] = summary(SMOLLM2, *run_seeds(SMOLLM2, range(1), float32=False))
    report(
        "train",
        ours,
        ordinary,
        agree=all(agree_within_noise(runs, ordinary, task.validation_rows) for runs in (ours, in_float32)),
        target=options.json,
        computes_in_bf16=TrainingSettings().computes_in_bf16,
        float32_ratio=more["float32"]["ratio"],
        **summary(task, ours, ordinary),
        **more,
    )


if __name__ == "__main__":
    main()
