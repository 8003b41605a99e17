"""A part of many rows, the same for everyone."""

import numpy as np
from datasets import Dataset
from sklearn.model_selection import train_test_split

from adue.datasets.splits import strata
from adue.foundation.errors import DataError


def subsample(rows: Dataset, size: int | None, seed: int = 42) -> Dataset:
    """Return `size` of `rows`, drawn at random, in their order; all of them where there are no more, or `size` is None.

    Classes keep their shares where each has rows enough.

    Parameters
    ----------
    rows
        Rows with the column ``label``.
    size
        How many rows, at least 1.

    Raises
    ------
    DataError
        When `size` is below 1.

    Examples
    --------
    >>> rows = Dataset.from_dict({"text": list("abcdefgh"), "label": [0, 0, 0, 0, 0, 0, 1, 1]})
    >>> subsample(rows, 4)["label"][:]
    [0, 0, 0, 1]
    """
    if size is None or size >= len(rows):
        return rows
    if size < 1:
        raise DataError(f"cannot take {size} of {len(rows)} rows; give 1 or more, or None for all")
    kept, _ = train_test_split(
        np.arange(len(rows)), train_size=size, stratify=strata(rows["label"][:], size), random_state=seed
    )
    return rows.select(sorted(kept.tolist()))
