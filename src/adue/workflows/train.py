"""`adue train`: from a base model and labelled data to a plain PEFT adapter."""

from pathlib import Path

from adue.datasets import load_splits
from adue.training import TrainingResult, TrainingSettings, train_adapter
from adue.workflows.options import DataOptions


def train(
    base_model: str,
    data: str | Path,
    out: Path,
    *,
    settings: TrainingSettings | None = None,
    data_options: DataOptions | None = None,
    overwrite: bool = False,
    show_progress_bar: bool = False,
) -> TrainingResult:
    """Fine-tune a LoRA adapter on the train split of `data`; the validation split chooses the epoch.

    Raises
    ------
    AdueError
        When the model or data cannot be used, or `out` already holds an adapter and `overwrite` is not given.
    """
    options = data_options or DataOptions()
    splits = load_splits(
        data,
        text_column=options.text_column,
        text_pair_column=options.text_pair_column,
        label_column=options.label_column,
        label_map=options.label_map,
    )
    result = train_adapter(
        base_model,
        splits["train"],
        splits["validation"],
        out,
        settings or TrainingSettings(),
        id2label={index: name for name, index in splits.label2id.items()},
        overwrite=overwrite,
        show_progress_bar=show_progress_bar,
    )
    return result.model_copy(update={"notes": splits.notes, "text_columns": splits.text_columns})
