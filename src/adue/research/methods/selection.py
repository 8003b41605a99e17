"""Choosing between candidates by how well they rank the errors of the rows held out for that."""

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Float

from adue.foundation.errors import DataError
from adue.metrics import auroc, require_both
from adue.research.methods.method import FitRows

Candidate = TypeVar("Candidate")


def require_learnable(rows: FitRows) -> None:
    """Refuse rows from which nobody can learn what an error is, or choose between those who learnt it.

    Raises
    ------
    DataError
        When the training or the selection rows are all right or all wrong, or do not look alike.
    """
    require_both(rows.train.errors.numpy(), "training")
    require_both(rows.selection.errors.numpy(), "selection")
    widths = [(part.features.shape[-1], part.num_labels) for part in (rows.train, rows.selection)]
    if widths[0] != widths[1]:
        raise DataError(
            f"training rows have {widths[0][0]} features and {widths[0][1]} classes, selection rows {widths[1][0]} "
            f"and {widths[1][1]}; extract both with the same classifier"
        )


def best_on_selection(
    candidates: Iterable[tuple[Candidate, Float[np.ndarray, " rows"]]], errors: Bool[np.ndarray, " rows"]
) -> Candidate:
    """Return the candidate whose u, given beside it, has the highest AUROC on the selection rows; the first of equals.

    One whose u is not a number comes last. The candidates may be made one after the other: only the best one so far is
    kept.

    >>> best_on_selection([("a", np.array([0.1, 0.3])), ("b", np.array([0.3, 0.1]))], np.array([True, False]))
    'b'
    """
    return max(candidates, key=lambda candidate: float(np.nan_to_num(auroc(candidate[1], errors), nan=-np.inf)))[0]
