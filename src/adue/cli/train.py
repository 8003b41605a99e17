"""`adue train`."""

from typing import TYPE_CHECKING, Annotated

import typer

from adue.cli import options as opt
from adue.cli.command import command, show
from adue.cli.console import err, out
from adue.foundation.config import Reading

if TYPE_CHECKING:
    from adue.training import TrainingResult, TrainingSettings
    from adue.workflows.options import DataOptions


def training_settings(
    r: Annotated[int, typer.Option("--r", help="Rank of LoRA.")] = 8,
    lora_alpha: Annotated[int, typer.Option("--lora-alpha", help="Scale of LoRA, over r.")] = 16,
    lora_dropout: Annotated[float, typer.Option(help="Dropout before LoRA.")] = 0.0,
    target_modules: Annotated[
        str | None, typer.Option(help="Layers with LoRA, comma-separated; by default query, key and value.")
    ] = None,
    learning_rate: Annotated[float, typer.Option("--lr", help="Highest learning rate.")] = 5e-4,
    weight_decay: Annotated[float, typer.Option(help="Weight decay.")] = 0.1,
    batch_size: Annotated[int, typer.Option(help="Texts per step.")] = 32,
    max_epochs: Annotated[int, typer.Option("--epochs", help="Most epochs.")] = 30,
    patience: Annotated[int, typer.Option(help="Epochs without a better validation accuracy until it stops.")] = 5,
    max_length: Annotated[int | None, typer.Option(help="Cut texts to this many tokens.")] = None,
    seed: opt.Seed = 0,
    bf16: Annotated[
        bool | None, typer.Option("--bf16/--no-bf16", help="Compute in bfloat16; default: where it gains.")
    ] = None,
) -> "TrainingSettings":
    """Return how the adapter is trained."""
    from adue.training import TrainingSettings

    return TrainingSettings.from_dict(
        {
            "r": r,
            "lora_alpha": lora_alpha,
            "lora_dropout": lora_dropout,
            "target_modules": None if target_modules is None else opt.split_names(target_modules),
            "learning_rate": learning_rate,
            "weight_decay": weight_decay,
            "batch_size": batch_size,
            "max_epochs": max_epochs,
            "patience": patience,
            "max_length": max_length,
            "seed": seed,
            "bf16": bf16,
        }
    )


@command(settings=training_settings, reading=opt.around_options, data_options=opt.data_options)
def train(
    model: Annotated[str, typer.Option(help="Base model: a folder, a hub id, or minilm.")],
    data: opt.Data,
    out_folder: opt.NewFolder,
    settings: "TrainingSettings",
    reading: Reading,
    data_options: "DataOptions",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an adapter that is there.")] = False,
    as_json: opt.Json = False,
) -> None:
    """Fine-tune a LoRA adapter; the epoch with the best validation accuracy is kept, a stopped run goes on."""
    from adue.workflows.inputs import check_inputs

    check_inputs(data=data, base_model=model, folder=out_folder)

    from adue.workflows.train import train as run

    result = run(
        model,
        data,
        out_folder,
        settings=settings.model_copy(update={"reading": reading}),
        data_options=data_options,
        overwrite=overwrite,
        show_progress_bar=err.is_terminal,
    )
    show(result, print_training, as_json=as_json)


def print_training(result: "TrainingResult") -> None:
    """Print what came out of training."""
    from adue.cli.tables import facts, list_columns

    record = result.record
    rows: list[tuple[str, object]] = [
        ("adapter", result.adapter),
        ("base model", record.base_model),
        ("text read from", list_columns(result.text_columns)),
        ("rows", f"{record.train_rows:,} to train on, {record.validation_rows:,} to choose the epoch on"),
        ("texts read", result.limit),
        ("best epoch", f"{record.best_epoch} of {len(record.history)}"),
        ("validation accuracy", f"{record.validation_accuracy:.1%}"),
        ("commonest class", f"{record.validation_majority_accuracy:.1%}"),
        ("device", result.device),
        ("time", f"{result.seconds:.0f} s{' (resumed)' if result.resumed else ''}"),
    ]
    out.print(facts("Trained", rows))
    if result.texts_cut:
        out.print(
            f"note: {result.texts_cut:,} of {record.train_rows:,} training texts were cut at {result.limit.tokens:,} "
            "tokens; train on more of them with --max-length",
            markup=False,
        )
    for note in result.notes:
        out.print(f"note: {note}", markup=False)
