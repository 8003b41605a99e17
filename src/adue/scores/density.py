"""Density of a row's features under one Gaussian per class, each with a covariance of its own."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from sklearn.covariance import ledoit_wolf_shrinkage
from torch import Tensor

from adue.foundation.errors import DataError
from adue.scores.moments import means_by_class

FLOOR = 1e-9
"""Least variance in any direction, as a share of the mean variance within all classes."""


@dataclass(frozen=True)
class ShrunkGaussian:
    """A Gaussian whose covariance differs from a multiple of the identity in few directions only; float64.

    So a class of few rows costs as many directions as it has rows, not the cube of the features' width.
    """

    mean: Float[Tensor, " hidden"]
    directions: Float[Tensor, "hidden rank"]
    variances: Float[Tensor, " rank"]
    other_variance: float

    def log_density(self, features: Float[Tensor, "rows hidden"]) -> Float[Tensor, " rows"]:
        """Return the logarithm of the density at each row, in nats."""
        # Without a copy of all features per class, which is what takes the time.
        lengths = torch.cdist(features, self.mean[None], compute_mode="donot_use_mm_for_euclid_dist").squeeze(-1)
        inside = (features @ self.directions - self.mean @ self.directions).square()
        outside = (lengths.square() - inside.sum(dim=-1)).clamp(min=0)
        distances = (inside / self.variances).sum(dim=-1) + outside / self.other_variance
        hidden, rank = self.directions.shape
        log_determinant = self.variances.log().sum() + (hidden - rank) * math.log(self.other_variance)
        return -(distances + log_determinant + hidden * math.log(2 * math.pi)) / 2


@dataclass(frozen=True)
class ClassDensities:
    """Gaussian discriminant analysis: the Gaussian and the log frequency of every class that occurs."""

    gaussians: tuple[ShrunkGaussian, ...]
    log_frequencies: Float[Tensor, " classes"]

    @classmethod
    def fit(cls, features: Float[Tensor, "rows hidden"], labels: Int[Tensor, " rows"]) -> "ClassDensities":
        """Return the densities of the classes that occur in `labels`.

        Raises
        ------
        DataError
            When there are fewer than two rows.

        Notes
        -----
        Every covariance is shrunk towards a multiple of the identity by the rule of Ledoit and Wolf (2004), which
        fades as rows are added; the authors add as much to the diagonal as lets a Cholesky factor exist. A class of
        one row has the covariance within all classes.
        """
        if len(features) < 2:  # noqa: PLR2004
            raise DataError("a density needs at least two training rows; give more rows")
        x = features.double()
        means, index = means_by_class(x, labels)
        deviations, counts = x - means[index], index.bincount()
        floor = FLOOR * max(float(deviations.square().mean()), FLOOR)
        single = counts == 1
        shared = _shrunk(means[0], deviations, floor) if bool(single.any()) else None
        gaussians = [
            _shrunk(mean, deviations[index == place], floor)
            if shared is None or not single[place]
            else ShrunkGaussian(mean, shared.directions, shared.variances, shared.other_variance)
            for place, mean in enumerate(means)
        ]
        return cls(tuple(gaussians), (counts / len(x)).double().log())


def negative_log_density(features: Float[Tensor, "rows hidden"], densities: ClassDensities) -> Float[Tensor, " rows"]:
    """Return ``-log sum_c p(c) N(h | mu_c, Sigma_c)`` in nats (DDU, Mukhoti et al. 2021, arXiv 2102.11582).

    >>> features = torch.tensor([[-1.0], [1.0], [9.0], [11.0]])
    >>> densities = ClassDensities.fit(features, torch.tensor([0, 0, 1, 1]))
    >>> negative_log_density(torch.tensor([[0.0], [5.0]]), densities)
    tensor([ 1.6121, 13.4189], dtype=torch.float64)
    """
    x = features.double()
    by_class = torch.stack([gaussian.log_density(x) for gaussian in densities.gaussians], dim=-1)
    return -(by_class + densities.log_frequencies).logsumexp(dim=-1)


def _shrunk(mean: Tensor, deviations: Tensor, floor: float) -> ShrunkGaussian:
    rows, hidden = deviations.shape
    shrinkage = float(ledoit_wolf_shrinkage(deviations.numpy(), assume_centered=True))
    _, singular, transposed = torch.linalg.svd(deviations, full_matrices=False)
    variances = singular.square() / rows
    ridge = shrinkage * float(variances.sum()) / hidden + floor
    return ShrunkGaussian(mean, transposed.T, (1 - shrinkage) * variances + ridge, ridge)
