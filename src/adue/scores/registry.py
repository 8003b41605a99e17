"""Every score of a single forward pass that needs no trained head, by name; evaluation and benchmark read this list.

To add one, write its function, and add one entry to :data:`SCORES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.scores import REFERENCE
from adue.scores.density import ClassDensities, negative_log_density
from adue.scores.distances import GaussianStatistics, mahalanobis, marginal_mahalanobis, relative_mahalanobis
from adue.scores.neighbours import fit_neighbours, neighbour_distance
from adue.scores.outputs import energy, entropy, error_probability, margin, max_logit, softmax_response
from adue.scores.robust import RobustDensity, robust_distance

FitStatistics: TypeAlias = Callable[[Tensor, Tensor, int], Any]
"""From the training rows' hidden layer, their labels and a seed to what a distance is measured with."""


@dataclass(frozen=True)
class Score:
    """One score.

    Attributes
    ----------
    name
        In lower case with hyphens, the name in the literature where there is one.
    function
        From logits to u of shape (rows,); where there are `statistics`, from the hidden layer and these.
    source
        Where it is from: authors, year, arXiv number or venue.
    statistics
        What is learned from the training rows first; None for a score of the logits.
    error_probability
        From logits to the probability of an error that the score stands for, where there is one.
    evaluated
        Whether ``adue evaluate`` prints it. False for those that cost more and rank no better (docs/results.md): they
        take part in the benchmark only, so that a user's table stays short.
    """

    name: str
    function: Callable[..., Tensor]
    source: str
    statistics: FitStatistics | None = None
    error_probability: Callable[[Tensor], Tensor] | None = None
    evaluated: bool = True

    @property
    def needs(self) -> Literal["logits", "training rows"]:
        """What there must be beside the row's features."""
        return "logits" if self.statistics is None else "training rows"

    def compute(self, rows: FeatureSet, learned: Any = None) -> Tensor:
        """Return u of shape (rows,).

        Parameters
        ----------
        rows
            Their features are the classification head's last hidden layer.
        learned
            What `statistics` returned for the training rows.
        """
        return self.function(rows.logits) if self.statistics is None else self.function(rows.features, learned)


def _gaussians(hidden: Tensor, labels: Tensor, _: int) -> GaussianStatistics:
    return GaussianStatistics.fit(hidden, labels)


def _robust_density(hidden: Tensor, labels: Tensor, seed: int) -> RobustDensity:
    return RobustDensity.fit(hidden, labels, seed=seed)


def _class_densities(hidden: Tensor, labels: Tensor, _: int) -> ClassDensities:
    return ClassDensities.fit(hidden, labels)


def _neighbours(hidden: Tensor, _labels: Tensor, _: int) -> Any:
    return fit_neighbours(hidden)


_ALL = (
    Score(
        REFERENCE,
        softmax_response,
        "Hendrycks and Gimpel 2017, arXiv 1610.02136",
        error_probability=error_probability,
    ),
    Score("entropy", entropy, "Shannon 1948; Malinin and Gales 2018, arXiv 1802.10501"),
    Score("margin", margin, "Scheffer et al. 2001, IDA"),
    Score("energy", energy, "Liu et al. 2020, arXiv 2010.03759"),
    Score("max-logit", max_logit, "Hendrycks et al. 2022, arXiv 1911.11132", evaluated=False),
    Score("mahalanobis", mahalanobis, "Lee et al. 2018, arXiv 1807.03888", _gaussians),
    Score("relative-mahalanobis", relative_mahalanobis, "Ren et al. 2021, arXiv 2106.09022", _gaussians),
    Score(
        "marginal-mahalanobis",
        marginal_mahalanobis,
        "Kamoi and Kobayashi 2020, arXiv 2003.00402",
        _gaussians,
        evaluated=False,
    ),
    Score("rde", robust_distance, "Yoo et al. 2022, arXiv 2203.01677", _robust_density, evaluated=False),
    Score("ddu", negative_log_density, "Mukhoti et al. 2021, arXiv 2102.11582", _class_densities, evaluated=False),
    Score("knn", neighbour_distance, "Sun et al. 2022, arXiv 2204.06507", _neighbours, evaluated=False),
)

SCORES: dict[str, Score] = {score.name: score for score in _ALL}
"""Every score, by its name in the tables and in their order."""


def baseline_scores(rows: FeatureSet, train: FeatureSet | None = None, *, seed: int = 0) -> dict[str, Tensor]:
    """Return every score that ``adue evaluate`` prints, by name.

    Parameters
    ----------
    rows
        The rows to score; their features are the classification head's last hidden layer.
    train
        Training rows with labels, likewise; without them the scores that need them are left out.
    seed
        Of what the statistics draw.

    Raises
    ------
    DataError
        When a score is not finite, or the training rows have no labels.

    Examples
    --------
    >>> rows = FeatureSet(torch.zeros(1, 3), torch.tensor([[2.0, 0.0]]))
    >>> list(baseline_scores(rows))
    ['softmax-response', 'entropy', 'margin', 'energy']
    """
    asked = [score for score in SCORES.values() if score.evaluated]
    # Several scores are measured with the same statistics, which are fitted once.
    fits = dict.fromkeys(score.statistics for score in asked if score.statistics is not None)
    learned: dict[FitStatistics | None, Any] = {None: None}
    if train is not None:
        learned |= {fit: fit(train.features, train.require_classes(), seed) for fit in fits}
    found = {
        score.name: score.compute(rows, learned[score.statistics]) for score in asked if score.statistics in learned
    }
    for name, values in found.items():
        if not bool(torch.isfinite(values).all()):
            raise DataError(f"the score '{name}' is not finite on some rows; look for extreme features or logits")
    return found
