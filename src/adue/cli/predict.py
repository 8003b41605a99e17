"""`adue predict`."""

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from adue.cli import options as opt
from adue.cli.command import command
from adue.cli.console import err, out, print_json, progress_bar
from adue.foundation.errors import DataError
from adue.foundation.sources import STANDARD

if TYPE_CHECKING:
    from adue.workflows.options import ModelOptions
    from adue.workflows.predict import PredictResult
    from adue.workflows.predict_ray import RayOptions


def engine_options(
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(help="[bold]ray[/bold]: Parquet in, a folder of Parquet out, on a Ray cluster (docs/scaling.md)."),
    ] = "local",
    address: Annotated[
        str | None, typer.Option(help="Ray cluster to use, for example auto; else one is started on this host.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Most workers on Ray; by default all that fit.", min=1)] = None,
    cpus_per_worker: Annotated[int | None, typer.Option(help="Cores of a worker on Ray, by default 1.", min=1)] = None,
) -> "RayOptions | None":
    """Return where the workers of Ray run, None without Ray.

    Raises
    ------
    DataError
        When an option of Ray is given without it.
    """
    given = {"address": address, "workers": workers, "cpus_per_worker": cpus_per_worker}
    given = {name: value for name, value in given.items() if value is not None}
    if engine == "local":
        if given:
            option = next(iter(given)).replace("_", "-")
            raise DataError(f"--{option} is an option of --engine ray; add that, or leave --{option} out")
        return None
    from adue.workflows.predict_ray import RayOptions

    return RayOptions.model_validate(given)


@command(model_options=opt.model_options, ray_options=engine_options)
def predict(
    adapter: opt.Adapter,
    output: Annotated[
        str,
        typer.Option(
            "--out",
            help="File to write (.csv, .tsv, .jsonl, .parquet, .xlsx; .gz, .xz, .zst behind), or - for JSON lines; "
            "with Ray a new folder.",
        ),
    ],
    model_options: "ModelOptions",
    ray_options: "RayOptions | None",
    source: Annotated[
        str,
        typer.Argument(
            metavar="[FILE|FOLDER|-]",
            help="Rows to score: a file, a folder of shards, or - for JSON on standard input; with Ray Parquet.",
        ),
    ] = "-",
    text_column: opt.TextColumn = None,
    text_pair_column: opt.TextPairColumn = None,
    prefix: Annotated[str, typer.Option(help="Put before the names of the new columns.")] = "",
    as_json: opt.Json = False,
) -> None:
    """Score a file of texts: the same rows out, with label, probability and uncertainty."""
    from adue.workflows.inputs import check_inputs
    from adue.workflows.multi_label.choice import has_labels

    if ray_options is None:
        check_inputs(adapter, rows=source, base_model=model_options.base_model)

    from adue.workflows.predict import predict as run_here

    run: Callable[..., PredictResult] = run_here
    if ray_options is None and has_labels(adapter):
        from adue.workflows.multi_label.predict import predict_multi_label

        run = predict_multi_label
    if ray_options is not None:
        from adue.workflows.predict_ray import predict_on_ray

        run = partial(predict_on_ray, ray_options=ray_options)
    result = run(
        adapter,
        source,
        output,
        text_column=text_column,
        text_pair_column=text_pair_column,
        prefix=prefix,
        model_options=model_options,
        progress=progress_bar,
    )
    if as_json:
        # Standard output is for the rows where they go there.
        print_json(result, to=sys.stderr if output == STANDARD else None)
    else:
        print_summary(result)


def print_summary(result: "PredictResult") -> None:
    """Print what was scored; on standard error where the rows themselves went to standard output."""
    from adue.cli.tables import facts, list_columns

    mean = None if result.mean_uncertainty is None else f"{result.mean_uncertainty:.3f}"
    rows: list[tuple[str, object]] = [
        ("text read from", list_columns(result.text_columns)),
        ("rows", f"{result.rows:,}"),
        ("predicted", ", ".join(f"{label} {count:,}" for label, count in result.labels.items())),
        ("mean uncertainty", mean),
        *([] if result.limit is None else [("texts read", result.limit)]),
        ("device", result.device),
        ("written to", result.output),
    ]
    to = err if result.output == STANDARD else out
    to.print(facts("Scored", rows))
    if result.note_cut is not None:
        to.print(f"note: {result.note_cut}", markup=False)
