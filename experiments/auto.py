"""How the score auto was chosen: variants of it and of the trained head, on rows that no table of results has seen.

At home these are training rows that no adapter was trained on, abroad the rows of the shifted sets that the benchmark
leaves out. Adapters are those of `adue benchmark configs/cpu.yaml`.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from datasets import Dataset
from torch import Tensor

from adue.benchmark.plan import BenchmarkConfig, Task
from adue.benchmark.prepared import split_by_error
from adue.benchmark.rows import load_task_rows
from adue.config import GRIDS, AutoSettings, FitSettings
from adue.correction import CorrectedResponse
from adue.datasets import load_splits, subsample
from adue.head import AdueHead
from adue.methods.method import FitRows
from adue.metrics import compare_auroc
from adue.model import AdueModel
from adue.ranking import fit_ranking_head
from adue.scores.outputs import error_log_odds
from adue.sweep import SweepResult, fit_heads
from adue.types import FeatureSet

DEVELOPMENT_ROWS = 2000
Score = Callable[[FeatureSet], Tensor]


def others(rows: Dataset, size: int | None) -> Dataset:
    """Return up to DEVELOPMENT_ROWS of the rows that `subsample` leaves out."""
    numbered = rows.add_column("row", range(len(rows)))
    chosen = set(subsample(numbered, size)["row"][:])
    left = numbered.select([row for row in range(len(rows)) if row not in chosen])
    return left.shuffle(seed=0).select(range(min(DEVELOPMENT_ROWS, len(left))))


def development_sets(task: Task, evaluation_rows: int | None) -> dict[str, Dataset]:
    """Return the rows to compare on, by name; those at home are called home."""
    splits = load_splits(task.source, need=("train", "validation", "test"))
    sets = {"home": others(splits["train"], task.choices.train_rows)}
    for name in splits.shifted:
        if not name.endswith("-oos"):
            away = load_splits(name, need=("test",), label2id=splits.label2id)["test"]
            sets[name] = others(away, evaluation_rows)
    return {name: rows for name, rows in sets.items() if len(rows)}


def fit_rows(model: AdueModel, task: Task, config: BenchmarkConfig, cache: Path) -> FitRows:
    """Return the rows that methods of the benchmark learn from."""
    rows = load_task_rows(task, config.evaluation_rows)
    train, validation = (
        model.extract(part["text"][:], part["label"][:], cache=cache) for part in (rows.train, rows.validation)
    )
    selection, calibration = map(validation.select, split_by_error(validation))
    return FitRows(train, selection, calibration, model.classifier.head)


def head_score(head: AdueHead) -> Score:
    """Return U of a head."""

    def score(rows: FeatureSet) -> Tensor:
        with torch.no_grad():
            u: Tensor = head(rows.features)
        return u.double()

    return score


def averaged(sweep: SweepResult) -> AdueHead:
    """Return the head whose weights are the mean of all heads of the grid: they all started from the same ones."""
    mean = {name: stacked.mean(dim=0) for name, stacked in sweep.weights.items()}
    return AdueHead.from_weights(sweep.template.shape, mean, sweep.template.score, sweep.template.sharpness)


def variants(rows: FitRows) -> Iterator[tuple[str, Score]]:
    """Yield every score with its name, the softmax response first."""
    yield "softmax response", lambda given: error_log_odds(given.logits)
    points = GRIDS["paper"].points
    for name in ("smoothmax", "log_smoothmax"):
        settings = FitSettings.from_dict({"score": name})
        sweep = fit_heads(rows.train, rows.selection, rows.head, points, settings)
        yield f"head, {name}", head_score(sweep.head(sweep.best))
        yield f"head, {name}, mean of the grid", head_score(averaged(sweep))
    for where, learned in (("train", rows.train), ("held-out", rows.selection)):
        yield f"head, pairs, {where}", head_score(fit_ranking_head(learned, rows.head, AutoSettings()))
    default = AutoSettings()
    auto = fitted(rows, default)
    head = auto.correction.head
    yield "auto", auto
    changes: dict[str, dict[str, object]] = {
        "L2-SP, beta 0.01": {"head_beta": 0.01},
        "L2-SP, beta 0.001": {"head_beta": 0.001},
        "head of 20 epochs": {"head_epochs": 20},
        "head of 60 epochs": {"head_epochs": 60},
        "L2-SP, 20 epochs, fade from 0.4 to 0.85": {"head_beta": 0.01, "head_epochs": 20, "fade": (0.4, 0.85)},
        "fade from 0.4 to 0.85": {"fade": (0.4, 0.85)},
        "fade from 0.6 to 1": {"fade": (0.6, 1.0)},
        "class fades with the rest": {"class_fade": default.fade},
        "prior variance 0.01": {"prior_variance": 0.01},
        "prior variance 0.1": {"prior_variance": 0.1},
        "prior variance 1": {"prior_variance": 1.0},
        "no head": {"head_prior_variance": 1e-9},
        "prior variance of the head 0.03": {"head_prior_variance": 0.03},
        "prior variance of the head 3": {"head_prior_variance": 3.0},
    }
    for name, change in changes.items():
        same_head = not change.keys() & {"head_beta", "head_epochs"}
        yield f"auto, {name}", fitted(rows, default.model_copy(update=change), head if same_head else None)
    without_class, unfaded = fitted(rows, default, head), fitted(rows, default, head)
    without_class.correction.class_weights.zero_()
    yield "auto, no class", without_class
    unfaded.correction.fade.copy_(torch.tensor([[1e6, 2e6], [1e6, 2e6]]))
    yield "auto, never faded", unfaded
    yield "auto, learned from training rows", fitted(replace(rows, selection=rows.train), default, head)


@dataclass(frozen=True)
class Corrected:
    """A corrected response as a score."""

    correction: CorrectedResponse

    def __call__(self, given: FeatureSet) -> Tensor:
        """Return U."""
        u: Tensor = self.correction(given.features, given.logits)
        return u


def fitted(rows: FitRows, settings: AutoSettings, head: AdueHead | None = None) -> Corrected:
    """Return the corrected response with these settings, around a ranking head where one is trained already."""
    return Corrected(CorrectedResponse.fit(rows.train, rows.selection, rows.head, settings, ranking_head=head))


def compare(task: Task, config: BenchmarkConfig, folder: Path, seed: int) -> Iterator[dict[str, object]]:
    """Yield one row of the table for each variant and set."""
    adapter = folder / "adapters" / task.model / task.data_set / f"seed-{seed}"
    model = AdueModel.from_pretrained(adapter, base_model=task.base_model, with_head=False)
    rows = fit_rows(model, task, config, folder / "features")
    scores = dict(variants(rows))
    for name, texts in development_sets(task, config.evaluation_rows).items():
        given = model.extract(texts["text"][:], texts["label"][:], cache=folder / "features")
        u = {variant: np.asarray(score(given)) for variant, score in scores.items()}
        yield from measured(task, seed, name, given, u)


def measured(
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


def write_missing(
    compare: Callable[[Task, BenchmarkConfig, Path, int], Iterator[dict[str, object]]],
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
            adapter = folder / "adapters" / task.model / task.data_set / f"seed-{seed}"
            if (task.model, task.data_set, seed) in there or not adapter.exists():
                continue
            rows = pd.DataFrame(list(compare(task, config, folder, seed)))
            rows.to_csv(out, mode="a", header=not out.exists(), index=False)
    print(summary(pd.read_csv(out)))


def summary(rows: pd.DataFrame) -> str:
    """Return one Markdown line per variant: mean gains in points, seeds averaged, and what happens abroad."""
    home = rows["development_set"] == "home"
    sets = rows.groupby(["variant", "model", "data_set", "development_set"], sort=False)["difference"].mean() * 100
    at_home = sets.xs("home", level="development_set").groupby("variant", sort=False).mean()
    away = sets.drop("home", level="development_set").groupby("variant", sort=False)
    worse = rows[~home].assign(worse=rows["high"] < 0).groupby("variant", sort=False)["worse"].sum()
    lines = ["| score | home | shifted | worst | worse |", "|---|---:|---:|---:|---:|"]
    cells = int((~home).sum() / rows["variant"].nunique())
    for variant, gain in zip(map(str, at_home.index), at_home, strict=True):
        abroad = away.get_group(variant)
        lines.append(
            f"| {variant} | {gain:+.2f} | {abroad.mean():+.2f} | {abroad.min():+.2f} | {worse[variant]} of {cells} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Compare on every adapter that is there; rows are added as they come."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("folder", type=Path, help="folder of the benchmark")
    parser.add_argument("--out", type=Path, default=Path("development.csv"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    options = parser.parse_args()
    write_missing(compare, BenchmarkConfig.load(options.config), options.folder, options.seeds, options.out)


if __name__ == "__main__":
    main()
