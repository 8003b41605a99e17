"""A multi-label classifier and rows for it, as the command line's options say."""

from pathlib import Path

from datasets import Dataset

from adue.datasets import LabelledSplits
from adue.datasets.multi_label.loading import load_label_splits
from adue.foundation.errors import DataError
from adue.foundation.scaling.processes import processes
from adue.heads.multi_label import LabelRows
from adue.models.tasks.multi_label import AdueModelForMultiLabelClassification
from adue.workflows.options import DataOptions, ModelOptions, Progress


def load_model(
    adapter: str | Path, options: ModelOptions, *, with_head: bool = True
) -> AdueModelForMultiLabelClassification:
    """Return the classifier and, if there are some and they are wanted, its heads."""
    return options.load_by(AdueModelForMultiLabelClassification.from_pretrained, adapter, with_head=with_head)


def load_rows(
    model: AdueModelForMultiLabelClassification, data: str | Path, need: tuple[str, ...], options: DataOptions | None
) -> LabelledSplits:
    """Return the splits of `data` with the labels in the order of the model's.

    Raises
    ------
    DataError
        When a column of second texts was chosen, or the data cannot be used.
    """
    options = options or DataOptions()
    if options.text_pair_column is not None:
        raise DataError("a classifier of several labels reads single texts; leave --text-pair-column out")
    return load_label_splits(
        data,
        model.names,
        need=need,
        text_column=options.text_column,
        label_column=options.label_column,
        label_map=options.label_map,
    )


def extract_rows(
    model: AdueModelForMultiLabelClassification,
    rows: Dataset,
    description: str,
    options: ModelOptions,
    progress: Progress,
) -> LabelRows:
    """Return features, logits and labels of one split, with a progress bar.

    Processes that were launched together all have to make the call; each reads its share of the rows.
    """
    with progress(description, len(rows)) as advance:
        return model.extract(
            rows["text"],
            rows["labels"][:],
            batch_size=options.batch_size,
            cache=options.cache,
            on_progress=advance,
            group=processes(),
        )
