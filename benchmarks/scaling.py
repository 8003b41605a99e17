"""Rows per second and core: one worker of one thread for each core, against one process that has all cores.

This is what the sizing table of docs/scaling.md is computed from; the speed does not depend on the weights.
"""

import multiprocessing
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch import Tensor

from adue import AdueModel
from adue.datasets import load_splits
from adue.models.pretrained import load_classifier
from measure import Run, arguments, compare, report, timed

CORES = os.cpu_count() or 1
LONG = 12
"""Reviews in one long text."""


@dataclass(frozen=True)
class Case:
    """One line of the table: `rows` texts for each worker."""

    model: str
    targets: tuple[str, ...]
    reviews_per_text: int
    rows: int

    @property
    def name(self) -> str:
        """What the line is called."""
        return f"{self.model}, {'long' if self.reviews_per_text > 1 else 'short'}"


BERT, LLAMA = ("query", "key", "value"), ("q_proj", "k_proj", "v_proj")
CASES = (
    Case("minilm", BERT, 1, 1000),
    Case("minilm", BERT, LONG, 100),
    Case("smollm2-135m", LLAMA, 1, 60),
    Case("smollm2-135m", LLAMA, LONG, 8),
)
TOLERANCE = 1e-3
"""How far logits of the two ways may lie apart; other batches are rounded otherwise."""


@dataclass(frozen=True)
class Reading:
    """What a run gives beside its time: `core_seconds` is the time that cores worked for it, whoever else used them."""

    tokens: int
    core_seconds: float
    logits: Tensor


def texts(case: Case, worker: int) -> list[str]:
    """Return the worker's texts; no two workers have the same."""
    size = case.rows * case.reviews_per_text
    reviews = load_splits("reviews", need=("train",))["train"]["text"]
    mine = [reviews[index % len(reviews)] for index in range(worker * size, (worker + 1) * size)]
    return [" ".join(mine[start : start + case.reviews_per_text]) for start in range(0, size, case.reviews_per_text)]


def classifier(case: Case) -> AdueModel:
    """Return the base model with LoRA as `adue train` puts it there, untrained."""
    torch.manual_seed(0)
    loaded = load_classifier(case.model, num_labels=2)
    lora = LoraConfig(task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16, target_modules=list(case.targets))
    return AdueModel(get_peft_model(loaded.model, lora).eval(), loaded.tokenizer)


def read(case: Case, workers: Sequence[int], threads: int) -> Run:
    """Return the run of one process over the texts of `workers`."""
    torch.set_num_threads(threads)
    model = classifier(case)
    rows = [text for worker in workers for text in texts(case, worker)]
    tokens = sum(len(row.inputs["input_ids"]) for row in model.classifier.tokenize(rows))
    model.extract(rows[: max(1, len(rows) // 10)])
    before = time.process_time()
    run = timed(lambda: model.extract(rows))
    return replace(run, answer=Reading(tokens, time.process_time() - before, run.answer.logits))


def one_for_each_core(case: Case) -> Run:
    """Return the run of one process of one thread for each core; the slowest counts."""
    with ProcessPoolExecutor(CORES, mp_context=multiprocessing.get_context("spawn")) as pool:
        runs = list(pool.map(partial(read, case, threads=1), [[core] for core in range(CORES)]))
    parts: list[Reading] = [run.answer for run in runs]
    whole = Reading(
        sum(part.tokens for part in parts),
        sum(part.core_seconds for part in parts),
        torch.cat([part.logits for part in parts]),
    )
    return Run(max(run.seconds for run in runs), sum(run.peak_mb for run in runs), whole)


def all_cores_for_one(case: Case) -> Run:
    """Return the run of one process with all cores over the same texts."""
    return read(case, range(CORES), CORES)


def line(case: Case, ours: list[Run], ordinary: list[Run]) -> dict[str, float | int | bool]:
    """Return one line of the table; rates are over the time that cores worked, and over the time on the wall."""
    rows, first = case.rows * CORES, ours[0].answer
    worked = statistics.median(run.answer.core_seconds for run in ours)
    wall = statistics.median(run.seconds for run in ours)
    return {
        "tokens_per_row": round(first.tokens / rows, 1),
        "rows_per_core_second": round(rows / worked, 2),
        "tokens_per_core_second": round(first.tokens / worked),
        "rows_per_second_per_core": round(rows / wall / CORES, 2),
        "ratio": round(statistics.median(run.seconds for run in ordinary) / wall, 2),
        "worker_mb": round(max(run.peak_mb for run in ours) / CORES),
        "agree": bool(torch.allclose(first.logits, ordinary[0].answer.logits, atol=TOLERANCE)),
    }


def main() -> None:
    """Run the benchmark; the ratio at the top is that of the first case."""
    options = arguments(__doc__)
    cases, repeats = (CASES, 2) if options.full else (CASES[:1], 1)
    lines = {}
    for case in reversed(cases):
        ours, ordinary = compare(partial(one_for_each_core, case), partial(all_cores_for_one, case), repeats)
        lines[case.name] = line(case, ours, ordinary)
    agree = all(one["agree"] for one in lines.values())
    report("scaling", ours, ordinary, agree=agree, target=options.json, lines=lines)


if __name__ == "__main__":
    main()
