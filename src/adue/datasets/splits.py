"""Which rows are train, validation and test: by the names of files and splits, else carved from train."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from datasets import Dataset, DatasetDict
from sklearn.model_selection import train_test_split

from adue.datasets.split_names import SPLIT_NAMES, TEST, TRAIN, VALIDATION
from adue.foundation.defaults import VALIDATION_SHARE
from adue.foundation.errors import DataError
from adue.foundation.texts import Text

Split = TypeVar("Split")


def rename_splits(splits: Mapping[str, Dataset]) -> DatasetDict:
    """Return `splits` under our names; a split of another name keeps it."""
    return DatasetDict({SPLIT_NAMES.get(name.lower(), name): rows for name, rows in splits.items()})


def without_secret_labels(
    splits: Mapping[str, Split], secret: Sequence[str]
) -> tuple[dict[str, Split], tuple[str, ...]]:
    """Return the splits that have labels, and a note on what was done about those in `secret`, which have none.

    Where it is the test split whose labels are secret, the validation split takes its place, as usual for GLUE.
    """
    kept = {name: rows for name, rows in splits.items() if name not in secret}
    notes = tuple(f"{name} left out, it has no labels" for name in splits if name in secret)
    if TEST in secret and VALIDATION in kept and TRAIN in kept:
        kept[TEST] = kept.pop(VALIDATION)
        notes += ("test is the given validation split",)
    return kept, notes


def carve_validation(texts: Sequence[Text], labels: Sequence[int], seed: int) -> tuple[list[int], list[int]]:
    """Return the indices, in order, of the rows to train on (80 %) and to validate on (20 %).

    Rows of the same text (or pair of texts) stay together: a text that was learned from would be judged too well.
    Classes keep their shares where each has rows enough for both parts.

    Raises
    ------
    DataError
        When there are fewer than two texts.
    """
    first = {text: row for row, text in reversed(list(enumerate(texts)))}
    if len(first) < 2:  # noqa: PLR2004
        raise DataError("one text cannot be split into train and validation; give more rows, or a validation file")
    distinct = np.array(sorted(first.values()))
    held_out = int(np.ceil(len(distinct) * VALIDATION_SHARE))
    of_distinct = np.asarray(labels)[distinct]
    _, chosen = train_test_split(
        distinct, test_size=held_out, random_state=seed, stratify=strata(of_distinct, held_out)
    )
    validation = np.isin([first[text] for text in texts], chosen)
    return np.flatnonzero(~validation).tolist(), np.flatnonzero(validation).tolist()


def strata(labels: np.ndarray, size: int) -> np.ndarray | None:
    """Return `labels` where both `size` rows and the rest can hold every class, else None: what to stratify by."""
    counts = np.unique(np.asarray(labels), return_counts=True)[1]
    return labels if counts.min() > 1 and len(counts) <= min(size, len(labels) - size) else None
