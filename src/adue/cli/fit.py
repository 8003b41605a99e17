"""`adue fit`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from adue.cli import options as opt
from adue.cli.command import command, show
from adue.cli.console import out, progress_bar
from adue.foundation.config import (
    PRESETS,
    SETTINGS_TYPES,
    AutoSettings,
    FitSettings,
    Grid,
    Reading,
    ScoreName,
    points_to_train,
)
from adue.foundation.errors import DataError

if TYPE_CHECKING:
    from adue.workflows.fit import FitResult
    from adue.workflows.options import DataOptions, ModelOptions


def fit_settings(
    preset: Annotated[
        Literal["auto", "paper"], typer.Option(help="[bold]paper[/bold]: the paper's exact method.")
    ] = "auto",
    score: Annotated[
        ScoreName | None,
        typer.Option(
            help="[bold]auto[/bold] corrects the softmax response; or how the logits of a grid of heads become U: "
            " [bold]smoothmax[/bold] (the paper's), [bold]log_smoothmax[/bold], [bold]entropy[/bold]."
        ),
    ] = None,
    sharpness: Annotated[float | None, typer.Option(help="lambda of SmoothMax, by default 100.")] = None,
    max_epochs: Annotated[int | None, typer.Option(help="Most epochs per head, by default 50.")] = None,
    patience: Annotated[
        int | None, typer.Option(help="Epochs without a better validation AUROC until a head stops, by default 5.")
    ] = None,
    train_dense: Annotated[
        bool,
        typer.Option("--train-dense/--freeze-dense", help="Whether a head's first layer learns too, where it has two."),
    ] = True,
    halving_factor: Annotated[
        int | None, typer.Option(help="Successive halving: one head in this many goes on after 3, 9, ... epochs.")
    ] = None,
    right_per_error: Annotated[
        float | None, typer.Option(help="Learn from this many right rows per error only; by default from all.")
    ] = None,
    seed: opt.Seed = 0,
) -> AutoSettings | FitSettings:
    """Return how U is fitted.

    Raises
    ------
    DataError
        When two options contradict each other, or a value is out of range.
    """
    chosen = PRESETS[preset]
    if preset == "paper" and score not in {None, chosen.score}:
        raise DataError(f"--preset paper is the score {chosen.score}, not {score}; leave one of the two options out")
    training = {
        "sharpness": sharpness,
        "max_epochs": max_epochs,
        "patience": patience,
        "train_dense": None if train_dense else False,
        "halving_factor": halving_factor,
        "right_per_error": right_per_error,
    }
    given = {name: value for name, value in training.items() if value is not None}
    name = score or chosen.score
    settings = SETTINGS_TYPES[name]
    refused = [option for option in given if option not in settings.model_fields]
    if refused:
        options = ", ".join(
            "--freeze-dense" if option == "train_dense" else f"--{option.replace('_', '-')}" for option in refused
        )
        raise DataError(f"the score {name} takes no {options}; add --preset paper, or another --score")
    return settings.from_dict(given | {"score": name, "seed": seed})


@command(
    settings=fit_settings,
    model_options=opt.cached_model_options,
    reading=opt.reading_options,
    data_options=opt.data_options,
)
def fit(
    adapter: opt.Adapter,
    data: opt.Data,
    settings: AutoSettings | FitSettings,
    model_options: "ModelOptions",
    reading: Reading,
    data_options: "DataOptions",
    out_folder: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Folder for the head, by default the adapter's.")
    ] = None,
    grid: Annotated[
        str | None,
        typer.Option(help="Heads to train: paper, fast, or a YAML file with the lists learning_rate, alpha, beta."),
    ] = None,
    multi_label: Annotated[
        bool,
        typer.Option("--multi-label", help="A text may have several labels: one yes or no, and one U, for each."),
    ] = False,
    as_json: opt.Json = False,
) -> None:
    """Fit an uncertainty head to an adapter: features once, then the score you choose, saved beside the adapter."""
    from adue.workflows.inputs import check_inputs, head_folder
    from adue.workflows.multi_label.choice import fits_labels

    check_inputs(data=data, base_model=model_options.base_model, folder=head_folder(adapter, out_folder))
    check_inputs(adapter)
    heads = None if grid is None else Grid.load(grid)
    points_to_train(settings, heads)
    options: dict[str, Any] = {
        "out": out_folder,
        "grid": heads,
        "settings": settings,
        "model_options": model_options.model_copy(update={"reading": reading}),
        "data_options": data_options,
        "progress": progress_bar,
    }
    if fits_labels(adapter, asked=multi_label):
        from adue.cli.label_tables import print_labels_fit
        from adue.workflows.multi_label.fit import fit_multi_label

        show(fit_multi_label(adapter, data, **options), print_labels_fit, as_json=as_json)
        return

    from adue.workflows.fit import fit as run

    show(run(adapter, data, **options), print_fit, as_json=as_json)


def print_fit(result: "FitResult") -> None:
    """Print what was fitted and what it gained."""
    from adue.cli.tables import facts, list_columns

    config, metrics, chosen = result.config, result.config.metrics, result.config.hyperparameters
    caution = "cross-validated" if chosen is None else "chosen on these very rows: expect less on new ones"
    chosen_head: list[tuple[str, object]] = []
    if chosen is not None:
        chosen_head = [
            ("grid", f"{result.grid_points} heads"),
            ("chosen", f"learning rate {chosen.learning_rate:g}, alpha {chosen.alpha:g}, beta {chosen.beta:g}"),
            ("epoch", metrics.epochs),
        ]
    rows: list[tuple[str, object]] = [
        ("adapter", result.adapter),
        ("data", result.data),
        ("text read from", list_columns(result.text_columns)),
        ("training rows", f"{metrics.train_rows:,}, {metrics.train_errors:,} of them predicted wrongly"),
        ("validation rows", f"{metrics.validation_rows:,}, {metrics.validation_errors:,} of them predicted wrongly"),
        ("score", config.settings.score),
        *chosen_head,
        ("validation AUROC", f"{metrics.validation_auroc:.4f}"),
        ("softmax response", f"{metrics.validation_auroc_softmax_response:.4f}"),
        ("gain", f"{result.gain:+.4f} ({caution})"),
        ("texts read", result.limit),
        ("saved in", result.folder),
        ("device", result.device),
        ("time", f"{result.seconds:.0f} s"),
    ]
    out.print(facts("Uncertainty head", rows))
    for note in result.notes:
        out.print(f"note: {note}", markup=False)
