"""The tables of a benchmark as headers, cells and captions in words; Markdown, LaTeX and HTML are made of them."""

import math
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

import pandas as pd

from adue.metrics import METRICS, WinsTiesLosses
from adue.research.benchmark.cells_frame import TASK, Domain, complete_methods
from adue.research.benchmark.standings import Standing, not_worse_share, task_name
from adue.research.methods import all_methods

UNKNOWN = "-"
SEVERAL_PASSES = " *"
"""Behind the name of a method that needs more than one forward pass of one adapter."""


@dataclass(frozen=True)
class Entry:
    """One cell of a table; the best of its column is `best`."""

    text: str
    best: bool = False


@dataclass(frozen=True)
class Table:
    """A table as it is printed, in any format."""

    title: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]


def auroc_table(title: str, frame: pd.DataFrame, order: Collection[str], caption: str) -> Table:
    """Return AUROC in per cent, mean and standard deviation over seeds: a row per method, a column per task.

    The best is the best of those that have scored all rows. Above the methods stand accuracy and errors of the
    classifier, the same for all of them.
    """
    groups = frame.groupby(["method", *TASK], sort=False)["auroc"]
    means, spreads = groups.mean().to_dict(), groups.std(ddof=1).to_dict()
    classifier = frame.drop_duplicates([*TASK, "seed"]).groupby(TASK, sort=False)[["accuracy", "errors", "n"]].mean()
    tasks = list(classifier.index)
    best = {
        task: max((means[name, *task] for name in complete_methods(of_task).intersection(order)), default=math.nan)
        for task, of_task in frame.groupby(TASK, sort=False)
    }
    facts = zip(classifier["accuracy"], classifier["errors"], classifier["n"], strict=True)
    written = [(f"{100 * accuracy:.1f}", f"{errors:.0f} of {rows:.0f}") for accuracy, errors, rows in facts]
    rows = [
        (Entry("accuracy, %"), *(Entry(accuracy) for accuracy, _ in written)),
        (Entry("errors"), *(Entry(errors) for _, errors in written)),
    ]
    for name in order:
        entries = [
            _auroc(means.get((name, *task), math.nan), spreads.get((name, *task), math.nan), best[task])
            for task in tasks
        ]
        rows.append((Entry(method_label(name)), *entries))
    return Table(title, caption, ("method", *(task_name(*task) for task in tasks)), tuple(rows))


def _auroc(mean: float, spread: float, best: float) -> Entry:
    if math.isnan(mean):
        return Entry(UNKNOWN)
    text = f"{100 * mean:.1f}"
    shown = text + ("" if math.isnan(spread) else f" ± {100 * spread:.1f}")
    return Entry(shown, best=text == f"{100 * best:.1f}")


def standings_table(title: str, found: list[Standing], caption: str) -> Table:
    """Return ranks, wins, ties and losses, tests and costs: a row per method."""
    columns: dict[str, Callable[[Standing], str]] = {
        "method": lambda one: method_label(one.method),
        "mean rank": lambda one: number(one.rank, ".2f"),
        "mean AUROC, %": lambda one: number(100 * one.auroc, ".2f"),
        "minus SR": lambda one: number(100 * one.difference, "+.2f"),
        "wins/ties/losses": lambda one: counts(one.against_reference),
        "not worse than SR": lambda one: share(not_worse_share(one.against_reference)),
        "p (Holm)": lambda one: number(one.p_value, ".3f"),
        "against adue-paper": lambda one: UNKNOWN if one.against_paper is None else counts(one.against_paper),
        "loses most in": _loss,
        "fit, s": lambda one: number(one.fit_seconds, ".1f"),
        "ms a row": lambda one: number(one.milliseconds, ".2f"),
    }
    rows = tuple(tuple(Entry(write(one)) for write in columns.values()) for one in found)
    return Table(title, caption, tuple(columns), rows)


def metrics_table(title: str, domain: Domain, order: Collection[str], caption: str) -> Table:
    """Return every metric averaged over seeds and then over tasks: a row per method that has scored all rows."""
    complete = complete_methods(domain.frame)
    order = [name for name in order if name in complete]
    by_task = domain.frame.groupby(["method", *TASK], sort=False)[list(METRICS)].mean()
    means = by_task.groupby("method", sort=False).mean().to_dict("index")
    best = {
        name: (max if metric.higher_is_better else min)(
            (means[one][name] for one in order if not math.isnan(means[one][name])), default=math.nan
        )
        for name, metric in METRICS.items()
    }
    rows = tuple(
        (Entry(method_label(name)), *(_metric(means[name][metric], best[metric]) for metric in METRICS))
        for name in order
    )
    return Table(title, caption, ("method", *METRICS), rows)


def failures_table(title: str, frame: pd.DataFrame, caption: str) -> Table:
    """Return the notes of the rows: which method, what was said, in how many cells."""
    notes = frame[frame["note"] != ""]
    counted = Counter(zip(notes["method"], notes["note"], strict=True))
    rows = tuple((Entry(name), Entry(str(cells)), Entry(note)) for (name, note), cells in counted.items())
    return Table(title, caption, ("method", "cells", "note"), rows)


def method_label(name: str) -> str:
    """Return the name, marked where it costs more than one forward pass."""
    method = all_methods().get(name)
    return name + (SEVERAL_PASSES if method is not None and not method.single_pass else "")


def number(value: float, form: str) -> str:
    """Return a number in the format given, a dash for NaN."""
    return UNKNOWN if math.isnan(value) else f"{value:{form}}"


def share(value: float) -> str:
    """Return a share in per cent, a dash for NaN."""
    return UNKNOWN if math.isnan(value) else f"{100 * value:.0f} %"


def counts(found: WinsTiesLosses) -> str:
    """Return wins, ties and losses with slashes."""
    return f"{found.wins}/{found.ties}/{found.losses}"


def _loss(one: Standing) -> str:
    return UNKNOWN if one.worst is None else f"{one.worst.cell}: {100 * one.worst.difference:+.1f}"


def _metric(value: float, best: float) -> Entry:
    return Entry(number(value, ".4f"), bool(value == best))
