"""Rows to choose on, which no table of results has seen, and the table of what they say.

In-domain these are training rows that no adapter was trained on; shifted are the rows of shifted sets that the
benchmark leaves out. Adapters are those of `adue benchmark configs/cpu.yaml`.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from datasets import Dataset
from torch import Tensor

from adue.datasets import load_splits, subsample
from adue.foundation.types import FeatureSet
from adue.metrics import compare_auroc
from adue.models.model import AdueModel
from adue.research.benchmark.configuration import BenchmarkConfig, Task
from adue.research.benchmark.prepared_cell import split_by_error
from adue.research.benchmark.task_rows import TaskRows, load_task_rows
from adue.research.methods.method import FitRows

DEVELOPMENT_ROWS = 2000
Score = Callable[[FeatureSet], Tensor]
"""From features and logits to U, or what ranks as it does."""
Compare = Callable[[Task, BenchmarkConfig, Path, int], Iterator[dict[str, object]]]
"""From a task, the benchmark's configuration and folder, and a seed to rows of the table."""


def run(description: str | None, compare: Compare, out: Path) -> None:
    """Compare on every adapter that is there, as the command line says; rows are added as they come."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("config", type=Path)
    parser.add_argument("folder", type=Path, help="folder of the benchmark")
    parser.add_argument("--out", type=Path, default=out)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args()
    write_missing(compare, BenchmarkConfig.load(options.config), options.folder, options.seeds, options.out)


def adapter_of(task: Task, folder: Path, seed: int) -> Path:
    """Return where the benchmark keeps an adapter."""
    return folder / "adapters" / task.model / task.data_set / f"seed-{seed}"


def open_adapter(task: Task, folder: Path, seed: int) -> AdueModel:
    """Return an adapter of the benchmark."""
    return AdueModel.from_pretrained(adapter_of(task, folder, seed), base_model=task.base_model, with_head=False)


def others(rows: Dataset, size: int | None) -> Dataset:
    """Return up to DEVELOPMENT_ROWS of the rows that `subsample` leaves out."""
    numbered = rows.add_column("row", range(len(rows)))
    chosen = set(subsample(numbered, size)["row"][:])
    left = numbered.select([row for row in range(len(rows)) if row not in chosen])
    return left.shuffle(seed=0).select(range(min(DEVELOPMENT_ROWS, len(left))))


def development_sets(task: Task, evaluation_rows: int | None) -> dict[str, Dataset]:
    """Return the rows to compare on, by name; those of the training domain are called home, as in docs/results."""
    splits = load_splits(task.source, need=("train", "validation", "test"))
    sets = {"home": others(splits["train"], task.choices.train_rows)}
    for name in splits.shifted:
        if not name.endswith("-oos"):
            away = load_splits(name, need=("test",), label2id=splits.label2id)["test"]
            sets[name] = others(away, evaluation_rows)
    return {name: rows for name, rows in sets.items() if len(rows)}


def extract_rows(model: AdueModel, rows: Dataset, folder: Path) -> FeatureSet:
    """Return what the model sees of labelled texts, kept where the benchmark keeps it."""
    return model.extract(rows["text"][:], rows["label"][:], cache=folder / "features")


def fit_rows(model: AdueModel, rows: TaskRows, folder: Path) -> FitRows:
    """Return the rows that methods of the benchmark learn from."""
    train, validation = (extract_rows(model, part, folder) for part in (rows.train, rows.validation))
    selection, calibration = map(validation.select, split_by_error(validation))
    return FitRows(train, selection, calibration, model.classifier.head)


def measure(
    task: Task, seed: int, name: str, given: FeatureSet, u: Mapping[str, np.ndarray]
) -> Iterator[dict[str, object]]:
    """Yield one row of the table for each variant on one set, compared with the first."""
    compared = compare_auroc(np.stack(list(u.values())), given.errors.numpy(), resamples=500)
    for variant, result in zip(u, compared, strict=True):
        yield {
            "model": task.model,
            "data_set": task.data_set,
            "development_set": name,
            "seed": seed,
            "variant": variant,
            "rows": len(given),
            "errors": int(given.errors.sum()),
            "auroc": result.auroc.value,
            "difference": result.difference.value,
            "low": result.difference.low,
            "high": result.difference.high,
        }


def score_set(
    task: Task, seed: int, name: str, given: FeatureSet, scores: Mapping[str, Score]
) -> Iterator[dict[str, object]]:
    """Yield one row of the table for each score on one set, compared with the first."""
    yield from measure(
        task, seed, name, given, {variant: np.asarray(score(given)) for variant, score in scores.items()}
    )


def compare_with(variants: Callable[[FitRows], Iterator[tuple[str, Score]]]) -> Compare:
    """Return what compares scores of features and logits, which `variants` fits and names."""

    def compare(task: Task, config: BenchmarkConfig, folder: Path, seed: int) -> Iterator[dict[str, object]]:
        model = open_adapter(task, folder, seed)
        scores = dict(variants(fit_rows(model, load_task_rows(task, config.evaluation_rows), folder)))
        for name, texts in development_sets(task, config.evaluation_rows).items():
            yield from score_set(task, seed, name, extract_rows(model, texts, folder), scores)

    return compare


def write_missing(
    compare: Compare,
    config: BenchmarkConfig,
    folder: Path,
    seeds: Sequence[int],
    out: Path,
) -> None:
    """Append the rows of every adapter of `folder` that is not in `out` yet, and print the summary of all."""
    done = pd.read_csv(out) if out.exists() else pd.DataFrame(columns=["model", "data_set", "seed"])
    there = set(done[["model", "data_set", "seed"]].itertuples(index=False, name=None))
    for task in config.tasks:
        for seed in seeds:
            if (task.model, task.data_set, seed) in there or not adapter_of(task, folder, seed).exists():
                continue
            rows = pd.DataFrame(list(compare(task, config, folder, seed)))
            rows.to_csv(out, mode="a", header=not out.exists(), index=False)
    print(summary(pd.read_csv(out)))


def summary(rows: pd.DataFrame) -> str:
    """Return one Markdown line per variant: mean gains in points, seeds averaged, and what happens on shifted sets."""
    in_domain = rows["development_set"] == "home"
    sets = rows.groupby(["variant", "model", "data_set", "development_set"], sort=False)["difference"].mean() * 100
    gains = sets.xs("home", level="development_set").groupby("variant", sort=False).mean()
    away = sets.drop("home", level="development_set").groupby("variant", sort=False)
    worse = rows[~in_domain].assign(worse=rows["high"] < 0).groupby("variant", sort=False)["worse"].sum()
    lines = ["| score | in-domain | shifted | worst | worse |", "|---|---:|---:|---:|---:|"]
    cells = int((~in_domain).sum() / rows["variant"].nunique())
    for variant, gain in zip(map(str, gains.index), gains, strict=True):
        shifted = away.get_group(variant)
        lines.append(
            f"| {variant} | {gain:+.2f} | {shifted.mean():+.2f} | {shifted.min():+.2f} | {worse[variant]} of {cells} |"
        )
    return "\n".join(lines)
