"""`adue fit --multi-label`: features once, then U for each label as the settings say, saved beside the adapter."""

import time
from pathlib import Path

from adue.foundation.config import AutoSettings, FitSettings, Grid, TokenLimit, points_to_train
from adue.foundation.config.multi_label_config import MultiLabelConfig
from adue.foundation.result import Result
from adue.foundation.scaling.processes import processes
from adue.models.tasks.multi_label import labels_fingerprint
from adue.workflows.fit import note_repeats, notes_cut
from adue.workflows.inputs import head_folder
from adue.workflows.multi_label.inputs import extract_rows, load_model, load_rows
from adue.workflows.options import DataOptions, ModelOptions, Progress, no_progress


class LabelsFitResult(Result):
    """What was fitted to each label, and where it lies."""

    adapter: str
    data: str
    folder: str
    config: MultiLabelConfig
    device: str
    """Where the classifier ran."""
    limit: TokenLimit
    """How many tokens of a text were read, and who says so."""
    texts_cut: dict[str, int]
    """By split, how many texts had more tokens than were read."""
    seconds: float
    text_columns: tuple[str, ...] = ()
    """The column that was read as the text."""
    notes: tuple[str, ...] = ()


def fit_multi_label(
    adapter: str | Path,
    data: str | Path,
    *,
    out: Path | None = None,
    grid: str | Path | Grid | None = None,
    settings: AutoSettings | FitSettings | None = None,
    model_options: ModelOptions | None = None,
    data_options: DataOptions | None = None,
    progress: Progress = no_progress,
) -> LabelsFitResult:
    """Fit an uncertainty head per label on `data` and save them into `out` (by default the adapter's folder).

    Of processes that were launched together each reads its share of the rows; the main one fits and saves, and all
    return its result.

    Raises
    ------
    AdueError
        When the adapter, the data or the grid cannot be used, or no label can be learned from; nothing is written then.
    """
    started, group = time.monotonic(), processes()
    progress = progress if group.is_main else no_progress
    options, settings = model_options or ModelOptions(), settings or AutoSettings()
    given = None if grid is None else Grid.load(grid)
    points_to_train(settings, given)
    folder = head_folder(adapter, out)
    model = load_model(adapter, options, with_head=False)
    splits = load_rows(model, data, ("train", "validation"), data_options)
    train, validation = (
        extract_rows(model, splits[name], f"reading {name}", options, progress) for name in ("train", "validation")
    )

    epochs = None if settings.most_epochs is None else settings.most_epochs * len(model.names)

    def fit_and_save() -> MultiLabelConfig:
        with progress("fitting", epochs) as advance:
            model.fit_features(
                train,
                validation,
                grid=given,
                settings=settings,
                data_sha256=labels_fingerprint(splits["train"]),
                on_epoch=lambda _: advance(1),
            )
        model.save_pretrained(folder)
        return model.require_fitted().config

    config = group.once(fit_and_save)
    read = {"train": train.rows, "validation": validation.rows}
    notes = tuple(describe_missing(config)) + note_repeats(splits["train"]["text"][:], splits["validation"]["text"][:])
    return LabelsFitResult(
        adapter=str(adapter),
        data=str(data),
        folder=str(folder),
        config=config,
        device=str(model.classifier.device),
        limit=model.classifier.limit,
        texts_cut={name: rows.texts_cut for name, rows in read.items()},
        seconds=time.monotonic() - started,
        text_columns=splits.text_columns,
        notes=splits.notes + notes + tuple(notes_cut(model.classifier, read)),
    )


def describe_missing(config: MultiLabelConfig) -> list[str]:
    """Return a note for each label whose U is the softmax response."""
    return [
        f"{name}: U is the softmax response, because {label.reason}; more rows may show more"
        for name, label in zip(config.names, config.labels, strict=True)
        if label.head is None
    ]
