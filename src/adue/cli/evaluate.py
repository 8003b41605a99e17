"""`adue evaluate`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adue.cli import options as opt
from adue.cli.command import command, show
from adue.cli.console import out, progress_bar
from adue.foundation.defaults import LEAST_RESAMPLES, RESAMPLES

if TYPE_CHECKING:
    from adue.report.results import EvaluationResult
    from adue.workflows.options import DataOptions, ModelOptions


@command(model_options=opt.cached_model_options, data_options=opt.data_options)
def evaluate(
    adapter: opt.Adapter,
    data: opt.Data,
    model_options: "ModelOptions",
    data_options: "DataOptions",
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an HTML report to this file.")] = None,
    resamples: Annotated[
        int, typer.Option(help="Bootstrap draws behind each interval.", min=LEAST_RESAMPLES)
    ] = RESAMPLES,
    as_json: opt.Json = False,
) -> None:
    """Measure AUROC with 95 % intervals for every score, on the test split and on shifted data."""
    from adue.workflows.inputs import check_inputs
    from adue.workflows.multi_label.choice import has_labels

    check_inputs(adapter, data, base_model=model_options.base_model, file=report)
    options: dict[str, Any] = {
        "report": report,
        "resamples": resamples,
        "model_options": model_options,
        "data_options": data_options,
        "progress": progress_bar,
    }
    if has_labels(adapter):
        from adue.cli.label_tables import print_labels_evaluation
        from adue.workflows.multi_label.evaluate import evaluate_multi_label

        labels = evaluate_multi_label(adapter, data, **options)
        show(labels, partial(print_labels_evaluation, report=report), as_json=as_json)
        return

    from adue.workflows.evaluate import evaluate as run

    evaluation = run(adapter, data, **options)
    show(evaluation.result, partial(print_evaluation, report=report), as_json=as_json)


def print_evaluation(result: "EvaluationResult", report: Path | None) -> None:
    """Print one table per evaluation set, and where the report is."""
    from adue.cli.score_tables import evaluation_tables
    from adue.cli.tables import list_columns

    for table in evaluation_tables(result):
        out.print(table)
    columns = list_columns(result.text_columns)
    if columns is not None:
        out.print(f"text read from: {columns}", markup=False, highlight=False)
    if result.limit is not None:
        out.print(f"texts read: {result.limit}", markup=False, highlight=False)
    for note in result.notes_cut:
        out.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"device: {result.device}", markup=False, highlight=False)
    for note in result.notes:
        out.print(f"note: {note}", markup=False)
    if report is not None:
        out.print(f"report: {report.resolve()}", markup=False, highlight=False, soft_wrap=True)
