"""Distances of a row's features to the training rows: Mahalanobis and relative Mahalanobis."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from sklearn.covariance import EmpiricalCovariance
from torch import Tensor

from adue.errors import DataError


@dataclass(frozen=True)
class GaussianStatistics:
    """One Gaussian per class with a shared covariance, and one Gaussian for all rows together; float64.

    A singular covariance is inverted in the directions that the data spans only (scikit-learn's pseudo-inverse).
    """

    class_means: Float[Tensor, "classes hidden"]
    precision: Float[Tensor, "hidden hidden"]
    mean: Float[Tensor, " hidden"]
    marginal_precision: Float[Tensor, "hidden hidden"]

    @classmethod
    def fit(cls, features: Float[Tensor, "rows hidden"], labels: Int[Tensor, " rows"]) -> "GaussianStatistics":
        """Return the maximum-likelihood Gaussians of the classes that occur in `labels`.

        Raises
        ------
        DataError
            When there are fewer than two rows.
        """
        if len(features) < 2:  # noqa: PLR2004
            raise DataError("distances need at least two training rows to estimate a covariance; give more rows")
        x = features.double()
        classes, index = torch.unique(labels, return_inverse=True)
        sums = torch.zeros(len(classes), x.shape[-1], dtype=x.dtype).index_add_(0, index, x)
        class_means = sums / index.bincount().unsqueeze(-1)
        mean = x.mean(dim=0)
        return cls(class_means, _precision(x - class_means[index]), mean, _precision(x - mean))


def mahalanobis(features: Float[Tensor, "rows hidden"], statistics: GaussianStatistics) -> Float[Tensor, " rows"]:
    """Return the squared Mahalanobis distance to the nearest class mean (Lee et al. 2018, arXiv 1807.03888).

    >>> statistics = GaussianStatistics.fit(torch.tensor([[-1.0], [1.0], [9.0], [11.0]]), torch.tensor([0, 0, 1, 1]))
    >>> mahalanobis(torch.tensor([[0.0], [2.0], [10.0]]), statistics)
    tensor([0., 4., 0.], dtype=torch.float64)
    """
    return _class_distances(features, statistics).amin(dim=-1)


def relative_mahalanobis(
    features: Float[Tensor, "rows hidden"], statistics: GaussianStatistics
) -> Float[Tensor, " rows"]:
    """Return the nearest class distance minus that to all rows' Gaussian (Ren et al. 2021, arXiv 2106.09022).

    >>> statistics = GaussianStatistics.fit(torch.tensor([[-1.0], [1.0], [9.0], [11.0]]), torch.tensor([0, 0, 1, 1]))
    >>> relative_mahalanobis(torch.tensor([[0.0], [5.0]]), statistics)
    tensor([-0.9615, 25.0000], dtype=torch.float64)
    """
    marginal = _squared_distance(features.double() - statistics.mean, statistics.marginal_precision)
    return _class_distances(features, statistics).amin(dim=-1) - marginal


def _class_distances(features: Tensor, statistics: GaussianStatistics) -> Tensor:
    x = features.double()
    return torch.stack([_squared_distance(x - mean, statistics.precision) for mean in statistics.class_means], dim=-1)


def _squared_distance(deviations: Tensor, precision: Tensor) -> Tensor:
    return ((deviations @ precision) * deviations).sum(dim=-1)


def _precision(deviations: Tensor) -> Tensor:
    fitted = EmpiricalCovariance(assume_centered=True).fit(deviations.numpy())
    return torch.from_numpy(fitted.precision_)
