"""Mahalanobis distances of a row's features to the training rows: to the classes, to all rows, and the difference."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Float, Int
from sklearn.covariance import ledoit_wolf
from torch import Tensor

from adue.foundation.errors import DataError, DataWarning
from adue.scores.moments import ClassMoments
from adue.scores.parts import ROWS_AT_ONCE, in_parts
from adue.scores.whitening import whitening

Batch: TypeAlias = tuple[Float[Tensor, "rows hidden"], Int[Tensor, " rows"]]
"""Features and labels of the same rows."""


@dataclass(frozen=True)
class GaussianStatistics:
    """One Gaussian per class with a shared covariance, and one Gaussian for all rows together; float64.

    A whitening turns deviations into ones whose squared length is the Mahalanobis distance. A singular covariance
    measures in the directions that the data spans only.
    """

    class_means: Float[Tensor, "classes hidden"]
    whitening: Float[Tensor, "hidden rank"]
    mean: Float[Tensor, " hidden"]
    marginal_whitening: Float[Tensor, "hidden marginal_rank"]

    @classmethod
    def fit(cls, features: Float[Tensor, "rows hidden"], labels: Int[Tensor, " rows"]) -> "GaussianStatistics":
        """Return the Gaussians of all rows, and of the classes that occur in `labels`.

        The covariances are those of maximum likelihood where rows outnumber classes by the number of dimensions or
        more, and shrunk by the rule of Ledoit and Wolf (2004) otherwise.

        Raises
        ------
        DataError
            When there are fewer than two rows.

        Warns
        -----
        DataWarning
            When the covariance within classes is singular all the same: some features are constant, or others repeated.
        """
        return cls.fit_batches(zip(features.split(ROWS_AT_ONCE), labels.split(ROWS_AT_ONCE), strict=True))

    @classmethod
    def fit_batches(cls, batches: Iterable[Batch]) -> "GaussianStatistics":
        """Return what `fit` returns for the rows of all batches together, which are read once and not kept.

        >>> rows, labels = torch.tensor([[-1.0], [9.0], [1.0]]), torch.tensor([0, 1, 0])
        >>> GaussianStatistics.fit_batches(zip(rows.split(2), labels.split(2))).class_means
        tensor([[0.],
                [9.]], dtype=torch.float64)
        """
        moments: ClassMoments | None = None
        for features, labels in batches:
            moments = moments or ClassMoments(features.shape[-1], features.device)
            moments.update(features, labels)
        if moments is None or moments.rows < 2:  # noqa: PLR2004
            raise DataError("distances need at least two training rows to estimate a covariance; give more rows")
        within, marginal = _covariances(moments)
        factor, width = whitening(within), within.shape[-1]
        if factor.shape[-1] < width:
            warnings.warn(
                f"the training rows vary within their classes in {factor.shape[-1]} of {width} directions only, and "
                "distances are measured in these; drop features that are constant or repeat others, or give more rows",
                DataWarning,
                stacklevel=2,
            )
        return cls(moments.means, factor, moments.mean, whitening(marginal))


def mahalanobis(features: Float[Tensor, "rows hidden"], statistics: GaussianStatistics) -> Float[Tensor, " rows"]:
    """Return the squared Mahalanobis distance to the nearest class mean (Lee et al. 2018, arXiv 1807.03888).

    >>> statistics = GaussianStatistics.fit(torch.tensor([[-1.0], [1.0], [9.0], [11.0]]), torch.tensor([0, 0, 1, 1]))
    >>> mahalanobis(torch.tensor([[0.0], [2.0], [10.0]]), statistics)
    tensor([0., 4., 0.], dtype=torch.float64)
    """
    means = (statistics.class_means - statistics.mean) @ statistics.whitening
    offsets = means.square().sum(dim=-1) / 2

    def distances(x: Tensor) -> Tensor:
        rows = (x - statistics.mean) @ statistics.whitening
        # Which class is nearest is known from products with all means; how near it is, from the difference itself:
        # the distance of a row near its class would be lost in the rounding of the products.
        nearest = (rows @ means.T - offsets).argmax(dim=-1)
        return (rows - means[nearest]).square().sum(dim=-1)

    return in_parts(distances, features)


def marginal_mahalanobis(
    features: Float[Tensor, "rows hidden"], statistics: GaussianStatistics
) -> Float[Tensor, " rows"]:
    """Return the squared Mahalanobis distance to all training rows as one Gaussian (Kamoi and Kobayashi 2020).

    >>> statistics = GaussianStatistics.fit(torch.tensor([[-1.0], [1.0], [9.0], [11.0]]), torch.tensor([0, 0, 1, 1]))
    >>> marginal_mahalanobis(torch.tensor([[5.0], [0.0]]), statistics)
    tensor([0.0000, 0.9615], dtype=torch.float64)
    """

    def distances(x: Tensor) -> Tensor:
        return ((x - statistics.mean) @ statistics.marginal_whitening).square().sum(dim=-1)

    return in_parts(distances, features)


def relative_mahalanobis(
    features: Float[Tensor, "rows hidden"], statistics: GaussianStatistics
) -> Float[Tensor, " rows"]:
    """Return the nearest class distance minus that to all rows' Gaussian (Ren et al. 2021, arXiv 2106.09022).

    >>> statistics = GaussianStatistics.fit(torch.tensor([[-1.0], [1.0], [9.0], [11.0]]), torch.tensor([0, 0, 1, 1]))
    >>> relative_mahalanobis(torch.tensor([[0.0], [5.0]]), statistics)
    tensor([-0.9615, 25.0000], dtype=torch.float64)
    """
    return mahalanobis(features, statistics) - marginal_mahalanobis(features, statistics)


def _covariances(moments: ClassMoments) -> tuple[Tensor, Tensor]:
    """Return the covariance within classes, and that of all rows."""
    width = len(moments.within)
    if moments.degrees >= width:
        return moments.within / moments.rows, (moments.within + moments.between) / moments.rows
    x, labels = (torch.cat(parts) for parts in zip(*moments.batches, strict=True))
    own_means = moments.means[torch.searchsorted(moments.classes, labels)]
    within, marginal = (
        ledoit_wolf((x - means).cpu().numpy(), assume_centered=True)[0] for means in (own_means, moments.mean)
    )
    return torch.from_numpy(within).to(x.device), torch.from_numpy(marginal).to(x.device)
