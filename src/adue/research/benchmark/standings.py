"""How the methods stand against each other over all tasks of a domain; plain numbers."""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy import ndarray

from adue.metrics import WinsTiesLosses, mean_ranks, wilcoxon_holm, wins_ties_losses
from adue.research.benchmark.cells_frame import Domain
from adue.research.benchmark.compare_cell import PAPER
from adue.scores import REFERENCE


@dataclass(frozen=True)
class Loss:
    """The cell in which a method loses most to the softmax response, of those whose interval lies below 0."""

    cell: str
    difference: float


@dataclass(frozen=True)
class Standing:
    """One method over the cells of a domain.

    Attributes
    ----------
    auroc
        Mean over tasks of the mean over seeds; NaN where a task is missing.
    rank
        Mean rank among the methods given, over tasks; NaN where a cell, or some of its rows, has no score.
    difference
        Mean over tasks and seeds of AUROC minus that of the softmax response on the same rows.
    against_reference, against_paper
        In how many cells (seeds apart) the paired 95 % interval lies above, around, below 0; None where there is none.
    p_value
        Wilcoxon's signed ranks against the softmax response over tasks, after Holm's correction.
    """

    method: str
    tasks: int
    auroc: float
    rank: float
    difference: float
    against_reference: WinsTiesLosses
    against_paper: WinsTiesLosses | None
    p_value: float
    worst: Loss | None
    fit_seconds: float
    milliseconds: float


def standings(domain: Domain, methods: Collection[str]) -> list[Standing]:
    """Return the standing of each of `methods` that has rows, the best rank first and unranked ones last.

    Ranks and tests take the AUROC averaged over seeds, since seeds of one task are not independent; wins, ties and
    losses are counted in every cell.
    """
    auroc = domain.auroc(methods)
    if auroc.empty:
        return []
    ranked = domain.complete(methods)
    ranks = dict(zip(map(str, ranked.index), mean_ranks(ranked.to_numpy()).tolist(), strict=True))
    values = dict(zip(map(str, auroc.index), auroc.to_numpy(), strict=True))
    differences = domain.differences(methods).reindex(auroc.index)
    paired = dict(zip(values, differences.to_numpy(), strict=True))
    p_values = _p_values(paired)
    found = [
        _standing(
            domain.frame[domain.frame["method"] == name],
            auroc=values[name],
            paired=paired[name],
            rank=ranks.get(name, math.nan),
            p_value=p_values[name],
        )
        for name in values
    ]
    return sorted(found, key=lambda one: (math.isnan(one.rank), one.rank, -one.auroc))


def _p_values(values: dict[str, ndarray]) -> dict[str, float]:
    tests = wilcoxon_holm(np.stack(list(values.values())), reference=list(values).index(REFERENCE))
    return dict(zip(values, tests.adjusted.tolist(), strict=True))


def _standing(rows: pd.DataFrame, *, auroc: ndarray, paired: ndarray, rank: float, p_value: float) -> Standing:
    name = str(rows["method"].iloc[0])
    compared = name != PAPER and bool(rows["paper_low"].notna().any())
    return Standing(
        method=name,
        tasks=int(np.isfinite(auroc).sum()),
        auroc=float(auroc.mean()),
        rank=rank,
        difference=float(np.nanmean(paired)),
        against_reference=_verdicts(rows, "sr"),
        against_paper=_verdicts(rows, "paper") if compared else None,
        p_value=p_value,
        worst=_worst(rows),
        fit_seconds=float(rows["fit_seconds"].median()),
        milliseconds=float((1000 * rows["predict_seconds"] / rows["n"]).median()),
    )


def _verdicts(rows: pd.DataFrame, column: str) -> WinsTiesLosses:
    return wins_ties_losses(rows[f"{column}_low"].to_numpy(), rows[f"{column}_high"].to_numpy())


def _worst(rows: pd.DataFrame) -> Loss | None:
    lost = rows[rows["sr_high"] < 0]
    if lost.empty:
        return None
    row = lost.sort_values("sr_difference").iloc[0]
    task = task_name(row["model"], row["data_set"], row["evaluation_set"])
    return Loss(f"{task}, seed {row['seed']}", float(row["sr_difference"]))


def task_name(model: str, data_set: str, evaluation_set: str) -> str:
    """Return a task in a few words.

    >>> task_name("minilm", "sst2", "sst2"), task_name("minilm", "sst2", "tweets")
    ('minilm sst2', 'minilm sst2 -> tweets')
    """
    return f"{model} {data_set}" + ("" if evaluation_set == data_set else f" -> {evaluation_set}")


def not_worse_share(counts: WinsTiesLosses) -> float:
    """Return the share of cells that are not lost; NaN without cells."""
    cells = counts.wins + counts.ties + counts.losses
    return (cells - counts.losses) / cells if cells else np.nan
