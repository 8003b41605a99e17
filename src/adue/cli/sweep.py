"""`adue sweep`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adue.cli import options as opt
from adue.cli.command import command, show
from adue.cli.console import out, progress_bar
from adue.foundation.config import FitSettings, HeadScore

if TYPE_CHECKING:
    from adue.research.sensitivity import SensitivityResult
    from adue.workflows.options import DataOptions, ModelOptions


def fit_settings(
    score: Annotated[HeadScore, typer.Option(help="How the heads' logits become U.")] = "smoothmax",
    sharpness: Annotated[float, typer.Option(help="lambda of SmoothMax where it is not what is varied.")] = 100.0,
    max_epochs: Annotated[int, typer.Option(help="Most epochs per head.")] = 50,
    patience: Annotated[int, typer.Option(help="Epochs without a better validation AUROC until a head stops.")] = 5,
    seed: opt.Seed = 0,
) -> FitSettings:
    """Return how every head is trained."""
    return FitSettings.from_dict(
        {"score": score, "sharpness": sharpness, "max_epochs": max_epochs, "patience": patience, "seed": seed}
    )


@command(settings=fit_settings, model_options=opt.cached_model_options, data_options=opt.data_options)
def sweep(
    adapter: opt.Adapter,
    data: opt.Data,
    settings: FitSettings,
    model_options: "ModelOptions",
    data_options: "DataOptions",
    out_folder: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Folder for table, report and summary.")
    ] = Path("adue-sweep"),
    seeds: Annotated[int, typer.Option(help="How often every trial is repeated.", min=1)] = 5,
    train_rows: Annotated[
        int | None, typer.Option(help="Train heads on a subsample of this many rows, stratified by label.", min=1)
    ] = None,
    as_json: opt.Json = False,
) -> None:
    """Vary lambda, alpha, beta, learning rate, errors, validation rows: heat maps, curves, defaults that follow."""
    from adue.workflows.inputs import check_inputs

    check_inputs(adapter, data, base_model=model_options.base_model, folder=out_folder)

    from adue.research.sensitivity import SweepPlan
    from adue.research.sensitivity import sensitivity as run

    result = run(
        adapter,
        data,
        out_folder,
        plan=SweepPlan(settings=settings, seeds=seeds),
        train_rows=train_rows,
        model_options=model_options,
        data_options=data_options,
        progress=progress_bar,
    )
    show(result, print_sweep, as_json=as_json)


def print_sweep(result: "SensitivityResult") -> None:
    """Print what the sweep shows and where its files are."""
    from adue.cli.tables import facts

    for sentence in result.findings:
        out.print(sentence, markup=False, highlight=False)
    rows: list[tuple[str, object]] = [
        ("heads", f"{result.heads:,} in {result.trials:,} stacks"),
        ("table", result.table),
        ("report", result.report),
        ("summary", result.summary),
        ("device", result.device),
        ("time of training", f"{result.seconds:.0f} s"),
    ]
    out.print(facts("Sweep", rows))
