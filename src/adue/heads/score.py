"""Arrays in, scores out: the scores of the registry and a fitted head's own, with no model in sight."""

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from adue.foundation.types import FeatureSet
from adue.heads.fitted import FittedHead
from adue.heads.head import AdueHead
from adue.scores import ADUE
from adue.scores.registry import baseline_scores

Array = TypeVar("Array", Tensor, np.ndarray)


def score_features(
    features: Array,
    logits: Array,
    *,
    fitted: FittedHead | None = None,
    train: FeatureSet | None = None,
    classifier_head: AdueHead | None = None,
) -> dict[str, np.ndarray]:
    """Return every score that can be computed, by name, each of shape (rows,); higher means more likely wrong.

    Parameters
    ----------
    fitted
        Adds the score ``adue``, in [0, 1].
    train
        Training rows with labels; adds the distances to them.
    classifier_head
        The classifier's own head: distances are measured on its last hidden layer; without it, on the features.

    Raises
    ------
    DataError
        When rows are not finite or do not match.

    Examples
    --------
    >>> scores = score_features(np.zeros((1, 3)), np.array([[2.0, 0.0]]))
    >>> {name: float(values[0].round(2)) for name, values in scores.items()}
    {'softmax-response': 0.24, 'entropy': 0.37, 'margin': 0.24, 'energy': -2.13}
    """
    rows = FeatureSet(*(torch.as_tensor(array).detach().cpu().float() for array in (features, logits)))
    with torch.no_grad():
        scores = baseline_scores(_hidden(rows, classifier_head), train and _hidden(train, classifier_head))
        if fitted is not None:
            scores[ADUE] = fitted.uncertainty(rows.features, rows.logits)
    return {name: values.double().numpy() for name, values in scores.items()}


def _hidden(rows: FeatureSet, head: AdueHead | None) -> FeatureSet:
    return rows if head is None else FeatureSet(head.hidden(rows.features), rows.logits, rows.labels)
