"""Mahalanobis distances of a row's features to the training rows: to the classes, to all rows, and the difference."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from sklearn.covariance import LedoitWolf, empirical_covariance
from torch import Tensor

from adue.errors import DataError


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

        The covariances are those of maximum likelihood where there are more rows than dimensions, and shrunk by the
        rule of Ledoit and Wolf (2004) otherwise.

        Raises
        ------
        DataError
            When there are fewer than two rows.
        """
        if len(features) < 2:  # noqa: PLR2004
            raise DataError("distances need at least two training rows to estimate a covariance; give more rows")
        x = features.double()
        class_means, index = means_by_class(x, labels)
        mean = x.mean(dim=0)
        return cls(class_means, _whitening_of(x - class_means[index]), mean, _whitening_of(x - mean))


def mahalanobis(features: Float[Tensor, "rows hidden"], statistics: GaussianStatistics) -> Float[Tensor, " rows"]:
    """Return the squared Mahalanobis distance to the nearest class mean (Lee et al. 2018, arXiv 1807.03888).

    >>> statistics = GaussianStatistics.fit(torch.tensor([[-1.0], [1.0], [9.0], [11.0]]), torch.tensor([0, 0, 1, 1]))
    >>> mahalanobis(torch.tensor([[0.0], [2.0], [10.0]]), statistics)
    tensor([0., 4., 0.], dtype=torch.float64)
    """
    rows, means = features.double() @ statistics.whitening, statistics.class_means @ statistics.whitening
    # Not by way of a product of both: the distance of a row near its class would be lost in rounding.
    distances: Tensor = torch.cdist(rows, means, compute_mode="donot_use_mm_for_euclid_dist")
    return distances.amin(dim=-1).square()


def marginal_mahalanobis(
    features: Float[Tensor, "rows hidden"], statistics: GaussianStatistics
) -> Float[Tensor, " rows"]:
    """Return the squared Mahalanobis distance to all training rows as one Gaussian (Kamoi and Kobayashi 2020).

    >>> statistics = GaussianStatistics.fit(torch.tensor([[-1.0], [1.0], [9.0], [11.0]]), torch.tensor([0, 0, 1, 1]))
    >>> marginal_mahalanobis(torch.tensor([[5.0], [0.0]]), statistics)
    tensor([0.0000, 0.9615], dtype=torch.float64)
    """
    return ((features.double() - statistics.mean) @ statistics.marginal_whitening).square().sum(dim=-1)


def relative_mahalanobis(
    features: Float[Tensor, "rows hidden"], statistics: GaussianStatistics
) -> Float[Tensor, " rows"]:
    """Return the nearest class distance minus that to all rows' Gaussian (Ren et al. 2021, arXiv 2106.09022).

    >>> statistics = GaussianStatistics.fit(torch.tensor([[-1.0], [1.0], [9.0], [11.0]]), torch.tensor([0, 0, 1, 1]))
    >>> relative_mahalanobis(torch.tensor([[0.0], [5.0]]), statistics)
    tensor([-0.9615, 25.0000], dtype=torch.float64)
    """
    return mahalanobis(features, statistics) - marginal_mahalanobis(features, statistics)


def means_by_class(
    features: Float[Tensor, "rows hidden"], labels: Int[Tensor, " rows"]
) -> tuple[Float[Tensor, "classes hidden"], Int[Tensor, " rows"]]:
    """Return the means of the classes that occur, in the order of their labels, and each row's place among them.

    >>> means_by_class(torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([0, 7, 7]))
    (tensor([[1.],
            [3.]]), tensor([0, 1, 1]))
    """
    classes, index = torch.unique(labels, return_inverse=True)
    sums = torch.zeros(len(classes), features.shape[-1], dtype=features.dtype).index_add_(0, index, features)
    return sums / index.bincount().unsqueeze(-1), index


def whitening(covariance: Float[Tensor, "hidden hidden"]) -> Float[Tensor, "hidden rank"]:
    """Return W with ``W W^T`` the pseudo-inverse of `covariance`; directions without variance are left out.

    >>> whitening(torch.tensor([[4.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000],
            [0.0000]])
    """
    variances, directions = torch.linalg.eigh(covariance)
    rounding = torch.finfo(covariance.dtype).eps * len(covariance) * torch.linalg.vector_norm(variances)
    kept = variances > rounding
    factor: Tensor = directions[:, kept] / variances[kept].sqrt()
    return factor


def _whitening_of(deviations: Tensor) -> Tensor:
    rows, width = deviations.shape
    if rows > width:
        covariance = empirical_covariance(deviations.numpy(), assume_centered=True)
    else:
        covariance = LedoitWolf(assume_centered=True).fit(deviations.numpy()).covariance_
    return whitening(torch.from_numpy(covariance))
