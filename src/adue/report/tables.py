"""The tables of one evaluation set as rows of words, and where to draw each interval."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from adue.metrics import Interval
from adue.report.numbers import decimal, signed
from adue.report.results import SetResult
from adue.report.sentences import Verdict, display_name, verdict
from adue.scores import ADUE, REFERENCE

Span = tuple[float, float, float]
"""Low end, value and high end of an interval, in percent of the width of its column."""


@dataclass(frozen=True)
class ScoreRow:
    """One score: its AUROC, and its difference to the softmax response (None in the row of that score itself)."""

    name: str
    emphasis: str
    auroc: str
    auroc_interval: str
    span: Span | None
    difference: str | None
    difference_interval: str
    verdict: Verdict


@dataclass(frozen=True)
class HumanRow:
    """One score and its Spearman correlation with the spread of the raters' answers."""

    name: str
    emphasis: str
    correlation: str


def score_rows(result: SetResult) -> list[ScoreRow]:
    """Return the table's rows, best AUROC first; none where the set has no AUROC."""
    ends = [end for row in result.scores for end in (row.auroc.low, row.auroc.high) if not math.isnan(end)]
    rows = []
    for row in sorted(result.scores, key=lambda row: row.auroc.value, reverse=True):
        is_reference = row.name == REFERENCE
        rows.append(
            ScoreRow(
                name=display_name(row.name),
                emphasis=_emphasis(row.name),
                auroc=decimal(row.auroc.value),
                auroc_interval=_interval(row.auroc, decimal),
                span=_span(row.auroc, min(ends), max(ends)) if ends else None,
                difference=None if is_reference else signed(row.difference.value),
                difference_interval=_interval(row.difference, signed),
                verdict="unclear" if is_reference else verdict(row.difference),
            )
        )
    return rows


def human_rows(result: SetResult) -> list[HumanRow]:
    """Return the correlations with human raters, highest first; none where the data has no raters."""
    correlations = result.human_correlation or {}
    names = sorted(correlations, key=lambda name: _or_lowest(correlations[name]), reverse=True)
    return [HumanRow(display_name(name), _emphasis(name), decimal(correlations[name])) for name in names]


def _emphasis(name: str) -> str:
    return {ADUE: "adue", REFERENCE: "reference"}.get(name, "")


def _interval(interval: Interval, written: Callable[[float], str]) -> str:
    return "none" if math.isnan(interval.low) else f"{written(interval.low)} to {written(interval.high)}"


def _span(interval: Interval, low: float, high: float) -> Span | None:
    width = high - low
    if math.isnan(interval.low) or width == 0:
        return None
    start, value, end = (100 * (at - low) / width for at in (interval.low, interval.value, interval.high))
    return start, value, end


def _or_lowest(value: float) -> float:
    return -math.inf if math.isnan(value) else value
