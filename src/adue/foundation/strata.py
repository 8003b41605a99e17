"""Draw a part of many rows in which every class has its share."""

import numpy as np
from jaxtyping import Int


def draw_stratified(labels: Int[np.ndarray, " rows"], size: int, seed: int) -> Int[np.ndarray, " chosen"]:
    """Return `size` row numbers in order, all classes represented as they are among all rows; or all rows if fewer.

    >>> np.bincount(np.repeat([0, 1], [80, 20])[draw_stratified(np.repeat([0, 1], [80, 20]), 10, seed=0)]).tolist()
    [8, 2]
    """
    from sklearn.model_selection import train_test_split

    indices = np.arange(len(labels))
    if len(labels) <= size:
        return indices
    counts = np.bincount(labels)
    # A class of one row cannot be split: such rows form a stratum together, or none.
    strata = np.where(counts[labels] > 1, labels, -1)
    possible = (strata == -1).sum() != 1 and len(np.unique(strata)) <= min(size, len(labels) - size)
    chosen, _ = train_test_split(indices, train_size=size, random_state=seed, stratify=strata if possible else None)
    return np.sort(chosen)
