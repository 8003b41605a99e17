"""`adue fit`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adue.cli import options as opt
from adue.cli.command import command
from adue.cli.console import out, print_json, progress_bar
from adue.config import FitSettings, ScoreName

if TYPE_CHECKING:
    from adue.workflows.fit import FitResult
    from adue.workflows.options import DataOptions, ModelOptions


def fit_settings(
    score: Annotated[ScoreName, typer.Option(help="How the head's logits become U.")] = "smoothmax",
    sharpness: Annotated[float, typer.Option(help="lambda of SmoothMax.")] = 100.0,
    max_epochs: Annotated[int, typer.Option(help="Most epochs per head.")] = 50,
    patience: Annotated[int, typer.Option(help="Epochs without a better validation AUROC until a head stops.")] = 5,
    seed: opt.Seed = 0,
) -> FitSettings:
    """Return how every head is trained."""
    return FitSettings.from_dict(
        {"score": score, "sharpness": sharpness, "max_epochs": max_epochs, "patience": patience, "seed": seed}
    )


@command(settings=fit_settings, model_options=opt.model_options, data_options=opt.data_options)
def fit(
    adapter: opt.Adapter,
    data: opt.Data,
    settings: FitSettings,
    model_options: "ModelOptions",
    data_options: "DataOptions",
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Where to put the head; else by the adapter.")
    ] = None,
    grid: Annotated[
        str, typer.Option(help="paper, fast, or a YAML file: learning_rate, alpha, beta as lists.")
    ] = "paper",
    as_json: opt.Json = False,
) -> None:
    """Fit an uncertainty head to an adapter: features once, the whole grid, the best by validation AUROC."""
    from adue.workflows.fit import fit as run

    result = run(
        adapter,
        data,
        out=out_folder,
        grid=grid,
        settings=settings,
        model_options=model_options,
        data_options=data_options,
        progress=progress_bar,
    )
    if as_json:
        print_json(result)
    else:
        print_fit(result)


def print_fit(result: "FitResult") -> None:
    """Print what was fitted and what it gained."""
    from adue.cli.tables import facts

    config, metrics, chosen = result.config, result.config.metrics, result.config.hyperparameters
    rows: list[tuple[str, object]] = [
        ("adapter", result.adapter),
        ("data", result.data),
        ("training rows", f"{metrics.train_rows:,}, {metrics.train_errors:,} of them predicted wrongly"),
        ("validation rows", f"{metrics.validation_rows:,}, {metrics.validation_errors:,} of them predicted wrongly"),
        ("grid", f"{result.grid_points} heads, score {config.settings.score}"),
        ("chosen", f"learning rate {chosen.learning_rate:g}, alpha {chosen.alpha:g}, beta {chosen.beta:g}"),
        ("epoch", metrics.epochs),
        ("validation AUROC", f"{metrics.validation_auroc:.4f}"),
        ("softmax response", f"{metrics.validation_auroc_softmax_response:.4f}"),
        ("gain", f"{result.gain:+.4f} (chosen on these very rows: expect less on new ones)"),
        ("saved in", result.folder),
        ("time", f"{result.seconds:.0f} s"),
    ]
    out.print(facts("Uncertainty head", rows))
    for note in result.notes:
        out.print(f"note: {note}", markup=False)
