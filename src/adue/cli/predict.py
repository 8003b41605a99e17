"""`adue predict`."""

from typing import TYPE_CHECKING, Annotated

import typer

from adue.cli import options as opt
from adue.cli.command import command
from adue.cli.console import err, out, print_json, progress_bar

if TYPE_CHECKING:
    from adue.workflows.options import ModelOptions
    from adue.workflows.predict import PredictResult


@command(model_options=opt.model_options)
def predict(
    adapter: opt.Adapter,
    output: Annotated[str, typer.Option(help="File to write (.jsonl, .csv, .tsv, .parquet), or - for JSON lines.")],
    model_options: "ModelOptions",
    source: Annotated[str, typer.Argument(metavar="[FILE|-]", help="Rows to score; - reads JSON lines.")] = "-",
    text_column: opt.TextColumn = None,
    prefix: Annotated[str, typer.Option(help="Put before the names of the new columns.")] = "",
    as_json: opt.Json = False,
) -> None:
    """Score a file of texts: the same rows out, with label, probability and uncertainty."""
    from adue.workflows.predict import predict as run

    result = run(
        adapter,
        source,
        output,
        text_column=text_column,
        prefix=prefix,
        model_options=model_options,
        progress=progress_bar,
    )
    if as_json:
        print_json(result)
    else:
        print_summary(result)


def print_summary(result: "PredictResult") -> None:
    """Print what was scored; on standard error where the rows themselves went to standard output."""
    from adue.cli.tables import facts

    mean = None if result.mean_uncertainty is None else f"{result.mean_uncertainty:.3f}"
    rows: list[tuple[str, object]] = [
        ("rows", f"{result.rows:,}"),
        ("predicted", ", ".join(f"{label} {count:,}" for label, count in result.labels.items())),
        ("mean uncertainty", mean),
        ("written to", result.output),
    ]
    (err if result.output == "-" else out).print(facts("Scored", rows))
