"""`adue sweep`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adue.cli import options as opt
from adue.cli.command import command
from adue.cli.console import out, print_json, progress_bar
from adue.foundation.config import HeadScore

if TYPE_CHECKING:
    from adue.research.sensitivity import SensitivityResult, SweepPlan
    from adue.workflows.options import DataOptions, ModelOptions


def sweep_plan(
    seeds: Annotated[int, typer.Option(help="How often every trial is repeated.", min=1)] = 5,
    score: Annotated[HeadScore, typer.Option(help="How the heads' logits become U.")] = "smoothmax",
    sharpness: Annotated[float, typer.Option(help="lambda of SmoothMax where it is not what is varied.")] = 100.0,
    max_epochs: Annotated[int, typer.Option(help="Most epochs per head.")] = 50,
    patience: Annotated[int, typer.Option(help="Epochs without a better validation AUROC until a head stops.")] = 5,
    seed: opt.Seed = 0,
) -> "SweepPlan":
    """Return what is varied, and how every head is trained."""
    from adue.foundation.config import FitSettings
    from adue.research.sensitivity import SweepPlan

    settings = FitSettings.from_dict(
        {"score": score, "sharpness": sharpness, "max_epochs": max_epochs, "patience": patience, "seed": seed}
    )
    return SweepPlan(settings=settings, seeds=seeds)


@command(plan=sweep_plan, model_options=opt.model_options, data_options=opt.data_options)
def sweep(
    adapter: opt.Adapter,
    data: opt.Data,
    plan: "SweepPlan",
    model_options: "ModelOptions",
    data_options: "DataOptions",
    out_folder: Annotated[Path, typer.Option("--out", help="Folder for table, report and summary.")] = Path(
        "adue-sweep"
    ),
    train_rows: Annotated[
        int | None, typer.Option(help="Train heads on a subsample of so many rows, stratified by label.", min=1)
    ] = None,
    use_cache: opt.UseCache = True,
    as_json: opt.Json = False,
) -> None:
    """Vary lambda, alpha, beta, learning rate, errors, validation rows: heat maps, curves, defaults that follow."""
    from adue.foundation.scaling.processes import processes
    from adue.research.sensitivity import sensitivity as run

    result = run(
        adapter,
        data,
        out_folder,
        plan=plan,
        train_rows=train_rows,
        model_options=model_options.model_copy(update={"use_cache": use_cache}),
        data_options=data_options,
        progress=progress_bar,
    )
    if not processes().is_main:
        return
    if as_json:
        print_json(result)
    else:
        print_sweep(result)


def print_sweep(result: "SensitivityResult") -> None:
    """Print what the sweep shows and where its files are."""
    for sentence in result.findings:
        out.print(sentence, markup=False, highlight=False)
    from adue.cli.tables import facts

    rows: list[tuple[str, object]] = [
        ("heads", f"{result.heads:,} in {result.trials:,} stacks"),
        ("table", result.table),
        ("report", result.report),
        ("summary", result.summary),
        ("time of training", f"{result.seconds:.0f} s"),
    ]
    out.print(facts("Sweep", rows))
