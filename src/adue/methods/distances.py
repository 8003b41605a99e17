"""Methods that measure how far a row's last hidden layer is from the training rows'."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import normalize

from adue.errors import DataError
from adue.head import AdueHead
from adue.methods.method import FitRows, Method, Scorer, ScoreRows
from adue.scores.density import ClassDensities, negative_log_density
from adue.scores.distances import GaussianStatistics, mahalanobis, marginal_mahalanobis, relative_mahalanobis
from adue.scores.neighbours import fit_neighbours, neighbour_distance
from adue.scores.robust import RobustDensity, robust_distance
from adue.types import FeatureSet

Distance: TypeAlias = Callable[[FeatureSet], Tensor]
"""From rows whose features are the last hidden layer to distances of shape (rows,)."""

FitDistance: TypeAlias = Callable[[FeatureSet, Tensor, int], Distance]
"""From such training rows, their labels and a seed to what measures others."""


def _gaussian(score: Callable[[Tensor, GaussianStatistics], Tensor]) -> FitDistance:
    def fit(train: FeatureSet, labels: Tensor, _: int) -> Distance:
        statistics = GaussianStatistics.fit(train.features, labels)
        return lambda rows: score(rows.features, statistics)

    return fit


def _robust(train: FeatureSet, labels: Tensor, seed: int) -> Distance:
    density = RobustDensity.fit(train.features, labels, seed=seed)
    return lambda rows: robust_distance(rows.features, density)


def _class_densities(train: FeatureSet, labels: Tensor, _: int) -> Distance:
    densities = ClassDensities.fit(train.features, labels)
    return lambda rows: negative_log_density(rows.features, densities)


def _neighbours(train: FeatureSet, _labels: Tensor, _: int) -> Distance:
    index = fit_neighbours(train.features)
    return lambda rows: neighbour_distance(rows.features, index)


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
        if rows.train.labels is None:
            raise DataError("the distances need the training rows' labels; add a label column")
        train = hidden_rows(rows.train, rows.head, normalised=normalised)
        distance = fit_distance(train, rows.train.labels, rows.seed)

        def score(scored: ScoreRows) -> Tensor:
            return distance(hidden_rows(scored.rows, rows.head, normalised=normalised))

        return score

    return fit


@torch.no_grad()
def hidden_rows(rows: FeatureSet, head: AdueHead, *, normalised: bool) -> FeatureSet:
    """Return `rows` with the last hidden layer of `head` for features, in float64; to unit length if `normalised`."""
    hidden = head.hidden(rows.features.to(head.out_weight)).double().cpu()
    return FeatureSet(normalize(hidden, dim=-1) if normalised else hidden, rows.logits, rows.labels)


def _methods() -> Iterator[Method]:
    for name, (source, fit_distance) in DISTANCES.items():
        yield Method(name, source, _on_hidden_layer(fit_distance, normalised=False))
        yield Method(f"{name}-normalised", source, _on_hidden_layer(fit_distance, normalised=True))


DISTANCE_METHODS: tuple[Method, ...] = tuple(_methods())
"""Every distance to the training rows, with the features as they are and with features of unit length."""
