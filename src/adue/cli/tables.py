"""Results as tables for a terminal."""

import math
from collections.abc import Iterable

from rich.table import Table

from adue.metrics import Interval
from adue.results import EvaluationResult, SetResult
from adue.scores import ADUE, REFERENCE


def facts(title: str, rows: Iterable[tuple[str, object]]) -> Table:
    """Return a table of names and values; rows without a value are left out."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in rows:
        if value is not None:
            table.add_row(name, str(value))
    return table


def evaluation_tables(result: EvaluationResult) -> list[Table]:
    """Return one table of AUROCs per evaluation set."""
    return [_set_table(rows, shifted=index > 0) for index, rows in enumerate(result.sets)]


def _set_table(rows: SetResult, *, shifted: bool) -> Table:
    domain = "shifted domain" if shifted else "test"
    table = Table(
        title=f"{rows.name} ({domain}): {rows.rows:,} rows, {rows.errors:,} errors, accuracy {rows.accuracy:.1%} "
        f"(commonest class {rows.majority_accuracy:.1%})",
        title_justify="left",
        caption=rows.note,
    )
    table.add_column("score")
    table.add_column("AUROC", justify="right")
    table.add_column("95 % interval", justify="center")
    table.add_column(f"minus {REFERENCE}", justify="right")
    table.add_column("95 % interval", justify="center")
    spread = rows.human_correlation or {}
    if spread:
        table.add_column("correlation with raters' spread", justify="right")
    for row in rows.scores:
        is_reference = row.name == REFERENCE
        cells = [row.name, _number(row.auroc.value), _bounds(row.auroc)]
        cells += ["", ""] if is_reference else [_number(row.difference.value, "+"), _bounds(row.difference, "+")]
        cells += [_number(spread[row.name], "+")] if row.name in spread else []
        table.add_row(*cells, style="bold" if row.name == ADUE else None)
    return table


def _number(value: float, sign: str = "") -> str:
    return "-" if math.isnan(value) else f"{value:{sign}.3f}"


def _bounds(interval: Interval, sign: str = "") -> str:
    return "-" if math.isnan(interval.low) else f"{interval.low:{sign}.3f} .. {interval.high:{sign}.3f}"
