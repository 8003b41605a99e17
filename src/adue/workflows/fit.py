"""`adue fit`: features once, then U as the settings say, saved beside the adapter."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from datasets import Dataset

from adue.datasets import LabelledSplits, fingerprint, has_pairs, load_splits, texts_of
from adue.foundation.config import AdueConfig, AutoSettings, FitSettings, Grid, TokenLimit, points_to_train
from adue.foundation.result import Result
from adue.foundation.scaling.processes import processes
from adue.foundation.texts import Text
from adue.foundation.types import FeatureSet
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.models.model import AdueModel
from adue.workflows.inputs import head_folder
from adue.workflows.options import DataOptions, ModelOptions, Progress, no_progress

NO_GAIN = (
    "the validation rows show no gain over the softmax response, so U is that response, calibrated, and ranks as it "
    "does; more validation rows may show one"
)

FEW = 0.05
"""The share of validation rows that may have a text that other rows have too before a note says so."""


class FitResult(Result):
    """What was fitted, where it lies, and what it gained on the validation rows it was chosen on."""

    adapter: str
    data: str
    folder: str
    grid_points: int
    """Heads that were trained; 0 for the score ``auto``."""
    config: AdueConfig
    device: str
    """Where the classifier ran."""
    limit: TokenLimit
    """How many tokens of a text were read, and who says so."""
    texts_cut: dict[str, int]
    """By split, how many texts had more tokens than were read."""
    seconds: float
    text_columns: tuple[str, ...] = ()
    """The columns that were read as the text; two where rows are pairs."""
    notes: tuple[str, ...] = ()

    @property
    def gain(self) -> float:
        """Validation AUROC of the head minus that of the softmax response."""
        metrics = self.config.metrics
        return metrics.validation_auroc - metrics.validation_auroc_softmax_response


def fit(
    adapter: str | Path,
    data: str | Path,
    *,
    out: Path | None = None,
    grid: str | Path | Grid | None = None,
    settings: AutoSettings | FitSettings | None = None,
    model_options: ModelOptions | None = None,
    data_options: DataOptions | None = None,
    progress: Progress = no_progress,
) -> FitResult:
    """Fit an uncertainty head on `data`, save it into `out` (by default the adapter's folder), and say what it gained.

    Of processes that were launched together each reads its share of the rows; the main one fits and saves, and all
    return its result.

    Raises
    ------
    AdueError
        When the adapter, the data or the grid cannot be used; nothing is written then.
    """
    started, group = time.monotonic(), processes()
    progress = progress if group.is_main else no_progress
    options = model_options or ModelOptions()
    settings = settings or AutoSettings()
    given = None if grid is None else Grid.load(grid)
    heads = len(points_to_train(settings, given))
    step = f"fitting {heads} heads" if heads else "fitting"
    folder = head_folder(adapter, out)
    model = options.load(adapter, with_head=False)
    splits = load_labelled(model, data, ("train", "validation"), data_options)
    train, validation = (
        extract_split(model, splits[name], f"reading {name}", options, progress) for name in ("train", "validation")
    )

    def fit_and_save() -> AdueConfig:
        with progress(step, settings.most_epochs) as advance:
            model.fit_features(
                train,
                validation,
                texts=texts_of(splits["validation"])[:],
                grid=given,
                settings=settings,
                data_sha256=fingerprint(splits["train"]),
                on_epoch=lambda _: advance(1),
            )
        model.save_pretrained(folder)
        assert model.fitted is not None  # noqa: S101
        return model.fitted.config

    config = group.once(fit_and_save)
    no_gain = (NO_GAIN,) if config.metrics.ranks_as_softmax_response else ()
    repeats = note_repeats(texts_of(splits["train"])[:], texts_of(splits["validation"])[:])
    read = {"train": train, "validation": validation}
    notes = splits.notes + no_gain + repeats + tuple(notes_cut(model.classifier, read))
    return FitResult(
        adapter=str(adapter),
        data=str(data),
        folder=str(folder),
        grid_points=heads,
        config=config,
        device=str(model.classifier.device),
        limit=model.classifier.limit,
        texts_cut={name: rows.texts_cut for name, rows in read.items()},
        seconds=time.monotonic() - started,
        text_columns=splits.text_columns,
        notes=notes,
    )


def notes_cut(classifier: FrozenClassifier, read: Mapping[str, FeatureSet]) -> Iterator[str]:
    """Yield a line for each split of which texts were cut, and what that means for what goes around them."""
    for name, rows in read.items():
        if rows.texts_cut:
            cut = classifier.limit.describe_cut(rows.texts_cut, len(rows), windows=classifier.reads_windows)
            yield f"{name}: {cut}"
    behind = classifier.reading.suffix or classifier.reading.chat_template
    if behind and classifier.tokenizer.truncation_side == "right" and any(rows.texts_cut for rows in read.values()):
        yield "what goes behind a text (suffix, end of a chat) is lost where the text was cut"


def note_repeats(train: Sequence[Text], validation: Sequence[Text]) -> tuple[str, ...]:
    """Return a line where many validation rows have a text that other rows have too, else nothing."""
    counts = Counter(validation)
    counts.update(set(train))
    repeated = sum(counts[text] > 1 for text in validation)
    note = (
        f"{repeated:,} of {len(validation):,} validation rows have a text that other rows have too: their AUROC and "
        "gain are overstated; drop the repeats"
    )
    return (note,) if repeated > FEW * len(validation) else ()


def load_labelled(
    model: AdueModel,
    data: str | Path,
    need: tuple[str, ...],
    options: DataOptions | None,
    *,
    shared_map: bool = False,
) -> LabelledSplits:
    """Return the splits of `data` with the labels as `model` numbers them, and rows of the kind that it reads.

    Where nothing says yet whether the model reads pairs of texts, the data do.
    With `shared_map` the label map was written for other data too, and need not match a label of these.
    """
    options = options or DataOptions()
    splits = load_splits(
        data,
        need=need,
        text_column=options.text_column,
        text_pair_column=options.text_pair_column,
        label_column=options.label_column,
        pairs=model.classifier.reading.pairs,
        label2id=model.label2id,
        label_map=options.label_map,
        shared_map=shared_map,
    )
    model.expect_pairs(has_pairs(splits[need[0]]))
    return splits


def extract_split(
    model: AdueModel,
    rows: Dataset,
    description: str,
    options: ModelOptions,
    progress: Progress,
) -> FeatureSet:
    """Return features, logits and labels of one split, with a progress bar.

    Processes that were launched together all have to make the call; each reads its share of the rows.
    """
    with progress(description, len(rows)) as advance:
        return extract(
            model.classifier,
            texts_of(rows),
            rows["label"],
            batch_size=options.batch_size,
            cache=options.cache,
            on_progress=advance,
            group=processes(),
        )
