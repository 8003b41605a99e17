"""What a head learns from errors on rows that no adapter was trained on: cross-fitted adapters, on development rows.

Half of the training rows train one further adapter, which then reads the other half, and the other way round. Heads
learn from what these two say of rows new to them, in place of what the adapter says of rows it has seen.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from sklearn.model_selection import StratifiedKFold

from adue.foundation.config import GRIDS, AutoSettings, FitSettings
from adue.foundation.types import FeatureSet
from adue.heads.ranking import fit_ranking_head
from adue.heads.sweep import fit_heads
from adue.models.model import AdueModel
from adue.research.benchmark.adapters import ensure_adapter
from adue.research.benchmark.configuration import BenchmarkConfig, Task
from adue.research.benchmark.task_rows import TaskRows, load_task_rows
from adue.scores.outputs import error_log_odds
from auto import fit_score, head_score
from development import Score, development_sets, extract_rows, fit_rows, open_adapter, run, score_set


def read_by_others(task: Task, rows: TaskRows, folder: Path, seed: int) -> FeatureSet:
    """Return all training rows in their order, each as the adapter reads it that was trained on the other half."""
    halves = StratifiedKFold(2, shuffle=True, random_state=seed).split(rows.train["text"][:], rows.train["label"][:])
    parts, places = [], []
    for number, (learned, held_out) in enumerate(halves):
        adapter = folder / "halves" / task.model / task.data_set / f"seed-{seed}" / f"half-{number}"
        ensure_adapter(adapter, task, seed, replace(rows, train=rows.train.select(learned)))
        model = AdueModel.from_pretrained(adapter, base_model=task.base_model, with_head=False)
        parts.append(extract_rows(model, rows.train.select(held_out), folder))
        places.append(torch.from_numpy(held_out))
    order = torch.cat(places).argsort()
    together = [torch.cat([getattr(part, name) for part in parts]) for name in ("features", "logits", "labels")]
    return FeatureSet(*together).select(order)


def compare(task: Task, config: BenchmarkConfig, folder: Path, seed: int) -> Iterator[dict[str, object]]:
    """Yield the comparison of all variants on the development rows of one adapter."""
    model = open_adapter(task, folder, seed)
    rows = load_task_rows(task, config.evaluation_rows)
    of_others = read_by_others(task, rows, folder, seed)
    learned = fit_rows(model, rows, folder)
    ways = {
        "": learned.train,
        ", all of other adapters": of_others,
        ", errors of other adapters": replace(of_others, features=learned.train.features),
    }
    scores: dict[str, Score] = {"softmax response": lambda given: error_log_odds(given.logits)}
    settings = AutoSettings()
    for name, train in ways.items():
        print(f"{task.data_set}: {int(train.errors.sum())} of {len(train)} training rows wrong{name}", flush=True)
        sweep = fit_heads(train, learned.selection, learned.classifier_head, GRIDS["paper"].points, FitSettings())
        scores[f"head, smoothmax{name}"] = head_score(sweep.head(sweep.best))
        ranking = fit_ranking_head(train, learned.classifier_head, settings)
        scores[f"head, pairs{name}"] = head_score(ranking)
        scores[f"auto{name}"] = fit_score(learned, settings, ranking)
    for name, texts in development_sets(task, config.evaluation_rows).items():
        yield from score_set(task, seed, name, extract_rows(model, texts, folder), scores)


if __name__ == "__main__":
    run(__doc__, compare, Path("crossfit.csv"))
