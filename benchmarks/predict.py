"""Predictions with U against the plain classifier on the same batches, and against ten passes of dropout.

`overhead` is time with U over time without: the median over pairs of calls on one batch of texts, taken in turn in one
process; `predict` may divide the batch into passes of fewer tokens. `beside_pass` leaves the passes out: what `predict`
takes longer for everything else, over the whole time of the plain classifier, plus one.
`ratio` is Monte-Carlo dropout over `predict`, whose AUROCs stand beside it.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, TaskType, get_peft_model
from sklearn.metrics import roc_auc_score

from adue import AdueModel, FeatureSet
from adue.datasets import load_splits
from adue.foundation.config import PRESETS
from adue.models.pretrained import load_classifier
from adue.research.sampling.mc_dropout import PASSES, mc_dropout_logits
from adue.scores.samples import answer_error_probability
from adue.workflows.demo import copy_packaged_adapter
from measure import Run, arguments, compare, report, timed

DATA, BATCH = "reviews", 32
Answers = tuple[np.ndarray, np.ndarray]
"""Class ids and probabilities."""


def fit_minilm(folder: Path, train_rows: int, grid: str) -> dict[str, Path]:
    """Return folders of the packaged adapter with a fitted head, by preset; the second half of validation is unseen."""
    model, splits = _packaged(folder / "plain"), load_splits(DATA, need=("train", "validation"))
    train = splits["train"].select(range(train_rows))
    held_out = splits["validation"].select(range(min(len(splits["validation"]) // 2, train_rows // 4)))
    rows = [model.extract(part["text"][:], part["label"][:]) for part in (train, held_out)]
    for name, settings in PRESETS.items():
        copy_packaged_adapter(folder / name)
        heads = None if name == "auto" else grid
        model.fit_features(*rows, grid=heads, settings=settings).save_pretrained(folder / name)
    return {name: folder / name for name in PRESETS}


def _packaged(folder: Path) -> AdueModel:
    copy_packaged_adapter(folder)
    return AdueModel.from_pretrained(folder)


def unseen_rows(most: int) -> tuple[list[str], np.ndarray]:
    """Return texts and labels that no head has been fitted on."""
    validation = load_splits(DATA, need=("validation",))["validation"]
    half = len(validation) // 2
    rows = validation.select(range(half, min(half + most, len(validation))))
    return rows["text"][:], np.asarray(rows["label"][:])


def with_uncertainty(adapter: Path, rows: int) -> Run:
    """Return our run; its answer is the AUROC of U."""
    model, (texts, labels) = AdueModel.from_pretrained(adapter), unseen_rows(rows)
    model.predict(texts[:BATCH])
    run = timed(lambda: model.predict(texts, batch_size=BATCH))
    return Run(run.seconds, run.peak_mb, roc_auc_score(run.answer.labels != labels, run.answer.uncertainty))


def with_dropout(adapter: Path, rows: int) -> Run:
    """Return the run of Monte-Carlo dropout; its answer is the AUROC of one minus the averaged probability."""
    model, (texts, labels) = AdueModel.from_pretrained(adapter), unseen_rows(rows)
    model.predict(texts[:BATCH])
    answers = model.predict_proba(texts, batch_size=BATCH).argmax(axis=-1)
    run = timed(lambda: mc_dropout_logits(model.classifier, texts, passes=PASSES, batch_size=BATCH))
    doubt = answer_error_probability(run.answer, torch.from_numpy(answers))
    return Run(run.seconds, run.peak_mb, roc_auc_score(answers != labels, doubt))


def overheads(models: dict[str, AdueModel], texts: Sequence[str], turns: int) -> dict[str, Any]:
    """Return time with U over time without by preset, and whether classes and probabilities are the same bit for bit.

    Every batch goes through the plain classifier and through each model right after one another, in an order that moves
    on with every turn.
    """
    batches = [list(texts[start : start + BATCH]) for start in range(0, len(texts) - BATCH + 1, BATCH)]
    first = next(iter(models.values()))
    ways: dict[str, Callable[[list[str]], Answers]] = {"plain": partial(_plain, first)}
    ways |= {name: partial(_ours, model) for name, model in models.items()}
    clocks = {name: PassClock(models.get(name, first).classifier.model) for name in ways}
    names, agree = list(ways), True
    seconds: dict[str, list[float]] = {name: [] for name in names}
    beside: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(-1, turns):  # the first turn warms up
        for batch in batches:
            answers = {}
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                started = time.perf_counter()
                with clocks[name]:
                    answers[name] = ways[name](batch)
                if turn >= 0:
                    seconds[name].append(time.perf_counter() - started)
                    beside[name].append(seconds[name][-1] - clocks[name].seconds)
            agree &= all(map(np.array_equal, answer, answers["plain"]) for answer in answers.values())
    plain = np.array(seconds["plain"])
    longer = {name: statistics.median(np.array(beside[name]) - np.array(beside["plain"])) for name in models}
    ratios = {name: np.array(seconds[name]) / plain for name in models}
    return {
        "agree": agree,
        "calls": len(plain),
        "plain_ms": round(1000 * statistics.median(plain), 2),
        "overhead": {name: round(float(np.median(ratios[name])), 4) for name in models},
        "beside_pass_ms": {name: round(1000 * longer[name], 3) for name in models},
        "beside_pass": {name: round(1 + longer[name] / statistics.median(plain), 5) for name in models},
        "quartiles": {name: np.quantile(ratios[name], (0.25, 0.75)).round(4).tolist() for name in models},
        "of_medians": {name: round(statistics.median(seconds[name]) / statistics.median(plain), 4) for name in models},
    }


class PassClock:
    """Inside its block, adds up the seconds that a model's forward passes take."""

    def __init__(self, model: torch.nn.Module) -> None:
        self._model, self.seconds = model, 0.0

    def __enter__(self) -> None:
        """Start from zero."""
        self.seconds = 0.0
        self._hooks = (
            self._model.register_forward_pre_hook(self._begin, prepend=True),
            self._model.register_forward_hook(self._end),
        )

    def __exit__(self, *_: object) -> None:
        """Leave the model as it was."""
        for hook in self._hooks:
            hook.remove()

    def _begin(self, *_: object) -> None:
        self._started = time.perf_counter()

    def _end(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._started


def _ours(model: AdueModel, batch: list[str]) -> Answers:
    answers = model.predict(batch, batch_size=len(batch))
    return answers.labels, answers.probabilities


@torch.inference_mode()
def _plain(model: AdueModel, batch: list[str]) -> Answers:
    classifier = model.classifier
    encoded = classifier.tokenizer(
        batch,
        truncation=True,
        max_length=classifier.max_length,
        padding=True,
        padding_side="right",
        return_tensors="pt",
    )
    logits = classifier.model(**encoded).logits
    return logits.argmax(dim=-1).numpy(), logits.softmax(dim=-1).numpy()


def smollm2() -> dict[str, AdueModel]:
    """Return SmolLM2-135M with a fresh LoRA adapter and heads fitted to random rows, which take as long as any."""
    loaded = load_classifier("smollm2-135m", num_labels=2)
    lora = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16, target_modules=["q_proj", "k_proj", "v_proj"])
    adapted = get_peft_model(loaded.model, lora).eval()
    models = {name: AdueModel(adapted, loaded.tokenizer) for name in PRESETS}
    head = models["auto"].classifier.head
    features = torch.randn(1500, head.shape.hidden_size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        rows = FeatureSet(features, head.logits(features), (features[:, 0] > 0).long())
    train, held_out = rows.select(torch.arange(1000)), rows.select(torch.arange(1000, 1500))
    for name, model in models.items():
        model.fit_features(train, held_out, settings=PRESETS[name])
    return models


def main() -> None:
    """Run the benchmark."""
    options = arguments(__doc__)
    train_rows, rows, turns, repeats = (7000, 1000, 6, 3) if options.full else (1000, 128, 3, 1)
    texts, _ = unseen_rows(rows)
    with tempfile.TemporaryDirectory() as folder:
        fitted = fit_minilm(Path(folder), train_rows, grid="paper" if options.full else "fast")
        models = {name: AdueModel.from_pretrained(adapter) for name, adapter in fitted.items()}
        measured = {"minilm": overheads(models, texts, turns)}
        if options.full:
            measured["smollm2-135m"] = overheads(smollm2(), texts[: 2 * BATCH], turns)
        ways = partial(with_uncertainty, fitted["auto"], rows), partial(with_dropout, fitted["auto"], rows)
        ours, ordinary = compare(*ways, repeats)
    report(
        "predict",
        ours,
        ordinary,
        agree=all(one.pop("agree") for one in measured.values()),
        target=options.json,
        rows=len(texts),
        overhead={name: one.pop("overhead") for name, one in measured.items()},
        auroc=round(ours[0].answer, 4),
        ordinary_auroc=round(ordinary[0].answer, 4),
        pairs=measured,
    )


if __name__ == "__main__":
    main()
