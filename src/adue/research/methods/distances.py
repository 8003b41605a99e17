"""Methods that measure how far a row's last hidden layer is from the training rows'."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import normalize

from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.research.methods.method import FitRows, Method, Scorer, ScoreRows
from adue.scores.density import ClassDensities, negative_log_density
from adue.scores.distances import GaussianStatistics, mahalanobis, marginal_mahalanobis, relative_mahalanobis
from adue.scores.neighbours import fit_neighbours, neighbour_distance
from adue.scores.robust import RobustDensity, robust_distance

Distance: TypeAlias = Callable[[Tensor], Tensor]
"""From a hidden layer of shape (rows, hidden) to distances of shape (rows,)."""

FitDistance: TypeAlias = Callable[[Tensor, Tensor, int], Distance]
"""From the training rows' hidden layer, their labels and a seed to what measures others."""


def _gaussian(score: Callable[[Tensor, GaussianStatistics], Tensor]) -> FitDistance:
    def fit(train: Tensor, labels: Tensor, _: int) -> Distance:
        statistics = GaussianStatistics.fit(train, labels)
        return lambda hidden: score(hidden, statistics)

    return fit


def _robust(train: Tensor, labels: Tensor, seed: int) -> Distance:
    density = RobustDensity.fit(train, labels, seed=seed)
    return lambda hidden: robust_distance(hidden, density)


def _class_densities(train: Tensor, labels: Tensor, _: int) -> Distance:
    densities = ClassDensities.fit(train, labels)
    return lambda hidden: negative_log_density(hidden, densities)


def _neighbours(train: Tensor, _labels: Tensor, _: int) -> Distance:
    index = fit_neighbours(train)
    return lambda hidden: neighbour_distance(hidden, index)


DISTANCES: dict[str, tuple[str, FitDistance]] = {
    "mahalanobis": ("Lee et al. 2018, arXiv 1807.03888", _gaussian(mahalanobis)),
    "relative-mahalanobis": ("Ren et al. 2021, arXiv 2106.09022", _gaussian(relative_mahalanobis)),
    "marginal-mahalanobis": ("Kamoi and Kobayashi 2020, arXiv 2003.00402", _gaussian(marginal_mahalanobis)),
    "rde": ("Yoo et al. 2022, arXiv 2203.01677", _robust),
    "ddu": ("Mukhoti et al. 2021, arXiv 2102.11582", _class_densities),
    "knn": ("Sun et al. 2022, arXiv 2204.06507", _neighbours),
}
"""Source and fit of each distance, by name."""


def _on_hidden_layer(fit_distance: FitDistance, *, normalised: bool) -> Callable[[FitRows], Scorer]:
    def fit(rows: FitRows) -> Scorer:
        labels = rows.train.require_classes()
        distance = fit_distance(_hidden(rows.train, rows.head, normalised=normalised), labels, rows.seed)

        def score(scored: ScoreRows) -> Tensor:
            return distance(_hidden(scored.rows, rows.head, normalised=normalised))

        return score

    return fit


@torch.no_grad()
def _hidden(rows: FeatureSet, head: AdueHead, *, normalised: bool) -> Tensor:
    hidden = head.hidden(rows.features.to(head.out_weight)).double().cpu()
    return normalize(hidden, dim=-1) if normalised else hidden


def _methods() -> Iterator[Method]:
    for name, (source, fit_distance) in DISTANCES.items():
        yield Method(name, source, _on_hidden_layer(fit_distance, normalised=False))
        yield Method(f"{name}-normalised", source, _on_hidden_layer(fit_distance, normalised=True))


DISTANCE_METHODS: tuple[Method, ...] = tuple(_methods())
"""Every distance to the training rows, with the features as they are and with features of unit length."""
