"""`adue export`."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from adue.cli import options as opt
from adue.cli.command import command, show
from adue.cli.console import out, progress_bar

if TYPE_CHECKING:
    from adue.workflows.export import ExportResult, Quality
    from adue.workflows.options import DataOptions, ModelOptions


@command(model_options=opt.model_options, data_options=opt.data_options)
def export(
    adapter: opt.Adapter,
    out_folder: opt.NewFolder,
    model_options: "ModelOptions",
    data_options: "DataOptions",
    target: Annotated[Literal["onnx"], typer.Option("--format", help="What to write.")] = "onnx",  # noqa: ARG001
    int8: Annotated[
        bool, typer.Option("--int8", help="Base model in 8-bit integers: smaller, and answers change; give --data too.")
    ] = False,
    data: Annotated[
        str | None, typer.Option(help="Compare graph and model on the validation rows of this data.")
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Write classifier, adapter and uncertainty head as one graph for ONNX Runtime, with all that serves it."""
    from adue.workflows.inputs import check_inputs

    check_inputs(adapter, data, base_model=model_options.base_model, folder=out_folder)

    from adue.workflows.export import export as run

    result = run(
        adapter,
        out_folder,
        int8=int8,
        data=data,
        model_options=model_options,
        data_options=data_options,
        progress=progress_bar,
    )
    show(result, print_export, as_json=as_json)


def print_export(result: "ExportResult") -> None:
    """Print what was written, and how it compares with the model."""
    from adue.cli.tables import facts

    rows: list[tuple[str, object]] = [
        ("written to", result.folder),
        ("base model in", result.precision),
        ("graph", f"{result.graph_bytes / 1e6:,.1f} MB"),
        ("device", result.device),
    ]
    if result.comparison is not None:
        compared = result.comparison
        rows += [
            ("compared on", f"{compared.rows:,} validation rows of {result.data}"),
            ("changed predictions", f"{compared.changed_predictions:,}"),
            ("largest change of U", f"{compared.largest_change_of_uncertainty:.2g}"),
            ("model", _quality(compared.model)),
            ("exported", _quality(compared.exported)),
        ]
    out.print(facts("Exported", rows))


def _quality(quality: "Quality") -> str:
    auroc = "-" if quality.auroc is None else f"{quality.auroc:.4f}"
    return f"accuracy {quality.accuracy:.2%}, AUROC of U {auroc}"
