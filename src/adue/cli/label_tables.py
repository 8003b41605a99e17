"""What was fitted to, and found of, several labels per text, as tables for a terminal."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from adue.cli.console import out
from adue.cli.tables import facts, list_columns, origin_rows

if TYPE_CHECKING:
    from adue.foundation.config.multi_label_config import LabelConfig, MultiLabelConfig
    from adue.workflows.multi_label.evaluate import LabelsEvaluationResult
    from adue.workflows.multi_label.fit import LabelsFitResult


def label_facts(config: "MultiLabelConfig") -> Iterator[Table]:
    """Yield what the heads of several labels have in common, and a table with a line per label."""
    origin = config.provenance
    rows: list[tuple[str, object]] = [
        ("labels", len(config.labels)),
        ("training rows", f"{config.train_rows:,}"),
        ("validation rows", f"{config.validation_rows:,}"),
        ("adue", f"{config.adue_version}, format {config.format_version}"),
    ]
    if origin is not None:
        rows += origin_rows(origin)
    yield facts("Uncertainty heads, one per label", rows)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("label", overflow="fold")
    for name in ("training errors", "validation errors", "AUROC", "minus SR"):
        table.add_column(name, justify="right")
    table.add_column("U is", overflow="fold")
    for name, label in zip(config.names, config.labels, strict=True):
        table.add_row(escape(name), f"{label.train_errors:,}", f"{label.validation_errors:,}", *_fitted(label))
    yield table


def _fitted(label: "LabelConfig") -> tuple[str, str, str]:
    if label.head is None:
        return "-", "-", f"softmax response: {label.reason}"
    metrics = label.head.metrics
    gain = metrics.validation_auroc - metrics.validation_auroc_softmax_response
    how = "softmax response, calibrated" if metrics.ranks_as_softmax_response else label.head.settings.score
    return f"{metrics.validation_auroc:.4f}", f"{gain:+.4f}", how


def print_labels_fit(result: "LabelsFitResult") -> None:
    """Print what was fitted to each label and what it gained."""
    rows: list[tuple[str, object]] = [
        ("adapter", result.adapter),
        ("data", result.data),
        ("text read from", list_columns(result.text_columns)),
        ("texts read", result.limit),
        ("saved in", result.folder),
        ("device", result.device),
        ("time", f"{result.seconds:.0f} s"),
    ]
    out.print(facts("Multi-label", rows))
    for table in label_facts(result.config):
        out.print(table)
    for note in result.notes:
        out.print(f"note: {note}", markup=False)


def print_labels_evaluation(result: "LabelsEvaluationResult", report: Path | None) -> None:
    """Print one table per label, one over all of them, and where the report is."""
    from adue.cli.score_tables import set_table

    for rows in result.labels:
        out.print(set_table(rows, "test"))
    out.print(set_table(result.together, "answers in place of rows"))
    out.print(f"text read from: {list_columns(result.text_columns)}", markup=False, highlight=False)
    out.print(f"texts read: {result.limit}", markup=False, highlight=False)
    if result.note_cut is not None:
        out.print(f"note: {result.note_cut}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"device: {result.device}", markup=False, highlight=False)
    for note in result.notes:
        out.print(f"note: {note}", markup=False)
    if report is not None:
        out.print(f"report: {report.resolve()}", markup=False, highlight=False, soft_wrap=True)
