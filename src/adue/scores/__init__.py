"""Scores to compare with, by name; every one is higher where the prediction is more likely wrong."""

from collections.abc import Callable

import torch
from torch import Tensor

from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.scores.distances import GaussianStatistics, mahalanobis, marginal_mahalanobis, relative_mahalanobis
from adue.scores.outputs import energy, entropy, error_probability, margin, max_logit, max_probability
from adue.scores.temperature import fit_temperature, temperature_scaled

__all__ = [
    "ADUE",
    "DISTANCE_SCORES",
    "OUTPUT_SCORES",
    "REFERENCE",
    "GaussianStatistics",
    "baseline_scores",
    "energy",
    "entropy",
    "error_probability",
    "fit_temperature",
    "mahalanobis",
    "margin",
    "marginal_mahalanobis",
    "max_logit",
    "max_probability",
    "relative_mahalanobis",
    "temperature_scaled",
]

REFERENCE = "softmax-response"
"""The score that every other one has to beat."""

ADUE = "adue"
"""The fitted head's own score, under the name it has in every table."""

OUTPUT_SCORES: dict[str, Callable[[Tensor], Tensor]] = {
    REFERENCE: max_probability,
    "entropy": entropy,
    "margin": margin,
    "energy": energy,
}

DISTANCE_SCORES: dict[str, Callable[[Tensor, GaussianStatistics], Tensor]] = {
    "mahalanobis": mahalanobis,
    "relative-mahalanobis": relative_mahalanobis,
}


def baseline_scores(
    rows: FeatureSet, hidden: Tensor, statistics: GaussianStatistics | None = None
) -> dict[str, Tensor]:
    """Return every score that needs no training, by name.

    Parameters
    ----------
    rows
        The rows to score.
    hidden
        The classification head's last hidden layer for these rows, on which distances are measured.
    statistics
        Fitted on the training rows' hidden layer; without them the distances are left out.

    Raises
    ------
    DataError
        When a score is not finite.

    Examples
    --------
    >>> rows = FeatureSet(torch.zeros(1, 3), torch.tensor([[2.0, 0.0]]))
    >>> list(baseline_scores(rows, rows.features))
    ['softmax-response', 'entropy', 'margin', 'energy']
    """
    scores = {name: score(rows.logits) for name, score in OUTPUT_SCORES.items()}
    if statistics is not None:
        scores |= {name: score(hidden, statistics) for name, score in DISTANCE_SCORES.items()}
    for name, values in scores.items():
        if not bool(torch.isfinite(values).all()):
            raise DataError(f"the score '{name}' is not finite on some rows; look for extreme features or logits")
    return scores
