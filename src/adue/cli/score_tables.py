"""Scores of an evaluation as tables for a terminal."""

import math

from rich import box
from rich.markup import escape
from rich.table import Table

from adue.metrics import Interval
from adue.report.results import EvaluationResult, SetResult
from adue.scores import ADUE, REFERENCE


def evaluation_tables(result: EvaluationResult) -> list[Table]:
    """Return one table of AUROCs per evaluation set; SR is the softmax response."""
    return [set_table(rows, "shifted domain" if index > 0 else "test") for index, rows in enumerate(result.sets)]


def set_table(rows: SetResult, kind: str) -> Table:
    """Return the AUROCs of every score on one set; `kind` says in the title what set it is."""
    table = Table(
        title=f"{escape(rows.name)} ({kind}): {rows.rows:,} rows, "
        f"{rows.errors:,} errors, accuracy {rows.accuracy:.1%} (commonest class {rows.majority_accuracy:.1%})",
        title_justify="left",
        caption=rows.note or _about_raters(rows),
        caption_justify="left",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("score", no_wrap=True)
    table.add_column("AUROC", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="center", no_wrap=True)
    table.add_column("minus SR", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="center", no_wrap=True)
    for row in rows.scores:
        cells = [row.name, _number(row.auroc.value, ".3f"), _bounds(row.auroc, ".3f")]
        if row.name != REFERENCE:
            cells += [_number(row.difference.value, "+.4f"), _bounds(row.difference, "+.4f")]
        table.add_row(*cells, style="bold" if row.name == ADUE else None)
    return table


def _about_raters(rows: SetResult) -> str | None:
    if rows.human_correlation is None:
        return None
    named = ", ".join(f"{name} {rows.human_correlation[name]:+.2f}" for name in (ADUE, REFERENCE))
    return f"rank correlation with the spread of people's ratings: {named}"


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else f"{value:{form}}"


def _bounds(interval: Interval, form: str) -> str:
    return "-" if math.isnan(interval.low) else f"{interval.low:{form}}..{interval.high:{form}}"
