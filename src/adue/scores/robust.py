"""Robust density estimation: kernel PCA, then a Gaussian that outlying training rows cannot pull."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from scipy.stats import chi2, median_abs_deviation
from torch import Tensor

from adue.foundation.errors import DataError
from adue.scores.kernels import KernelMap, Projection, fit_projection
from adue.scores.parts import in_parts
from adue.scores.whitening import whitening

COMPONENTS = 256
ROWS_PER_COMPONENT = 5
"""Rows that a robust covariance needs for each dimension, as Rousseeuw and Van Driessen advise."""
KEPT = 0.975
"""Share of a Gaussian's rows that lie within the distance up to which rows count in the end."""
MOST_STEPS = 100


@dataclass(frozen=True)
class RobustDensity:
    """A projection, and one robust Gaussian of all training rows in it; float64.

    Attributes
    ----------
    projection
        On the principal components of an RBF kernel.
    location
        The centre of the rows.
    whitening
        Turns deviations into ones whose squared length is the Mahalanobis distance.
    """

    projection: Projection
    location: Float[Tensor, " components"]
    whitening: Float[Tensor, "components rank"]

    @classmethod
    def fit(
        cls,
        features: Float[Tensor, "rows hidden"],
        labels: Int[Tensor, " rows"],
        *,
        kernel_map: KernelMap = "subsample",
        seed: int = 0,
    ) -> "RobustDensity":
        """Return the density of training rows, which keeps COMPONENTS dimensions or a fifth of the rows.

        Parameters
        ----------
        labels
            What a subsample is stratified by.
        kernel_map
            What stands in for kernel PCA of very many rows; all rows are projected, and all count.
        seed
            Of the subsample, or the landmarks.

        Raises
        ------
        DataError
            When there are fewer than two rows.
        """
        if len(features) < 2:  # noqa: PLR2004
            raise DataError("a robust density needs at least two training rows; give more rows")
        components = max(1, min(COMPONENTS, len(features) // ROWS_PER_COMPONENT))
        projection = fit_projection(features, labels, components, kernel_map=kernel_map, seed=seed)
        return cls(projection, *minimum_covariance_determinant(in_parts(projection, features)))


def robust_distance(features: Float[Tensor, "rows hidden"], density: RobustDensity) -> Float[Tensor, " rows"]:
    """Return the squared Mahalanobis distance to the robust centre (RDE, Yoo et al. 2022, arXiv 2203.01677).

    Notes
    -----
    One Gaussian for all rows, as in lm-polygraph and in AdUE's experiments, so that a class of few rows is no
    obstacle; Yoo et al. fit one per class and take that of the predicted class.

    Examples
    --------
    >>> features = torch.linspace(0, 1, 20).unsqueeze(-1)
    >>> density = RobustDensity.fit(features, torch.zeros(20, dtype=torch.int64))
    >>> near, far = robust_distance(torch.tensor([[0.5], [3.0]]), density)
    >>> bool(near < far)
    True
    """

    def distances(x: Tensor) -> Tensor:
        return ((density.projection(x) - density.location) @ density.whitening).square().sum(dim=-1)

    return in_parts(distances, features)


def minimum_covariance_determinant(
    points: Float[Tensor, "rows dimensions"],
) -> tuple[Float[Tensor, " dimensions"], Float[Tensor, "dimensions rank"]]:
    """Return location and whitening of the half of `points` that lies closest together, reweighted.

    Notes
    -----
    Concentration steps (Rousseeuw and Van Driessen 1999) from one start, the rows nearest to the median: scikit-learn's
    MinCovDet draws 500 random starts, a minute in 256 dimensions, from subsets of fewer rows than dimensions.
    Reweighting and consistency factors are those of MinCovDet (Croux and Haesbroeck 1999).

    Examples
    --------
    >>> points = torch.tensor([[-1.0], [0.0], [1.0], [0.0], [1000.0]]).double()
    >>> location, _ = minimum_covariance_determinant(points)
    >>> location
    tensor([0.], dtype=torch.float64)
    """
    rows, dimensions = points.shape
    half = min(rows, (rows + dimensions + 1) // 2)
    support = _central_rows(points, half)
    for _ in range(MOST_STEPS):
        location, factor = _gaussian(points[support], half / rows)
        distances = ((points - location) @ factor).square().sum(dim=-1)
        nearest = distances.topk(half, largest=False).indices.sort().values
        if torch.equal(nearest, support):
            break
        support = nearest
    return _gaussian(points[distances <= chi2.ppf(KEPT, dimensions)], KEPT)


def _central_rows(points: Tensor, count: int) -> Tensor:
    spread = torch.from_numpy(median_abs_deviation(points.numpy(), axis=0))
    scaled = (points - points.median(dim=0).values) / torch.where(spread > 0, spread, 1)
    return scaled.square().sum(dim=-1).topk(count, largest=False).indices.sort().values


def _gaussian(points: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Return location and whitening of rows that are the central `share` of a Gaussian."""
    dimensions = points.shape[-1]
    consistency = share / chi2.cdf(chi2.ppf(share, dimensions), dimensions + 2) if share < 1 else 1.0
    location = points.mean(dim=0)
    deviations = points - location
    return location, whitening(consistency * deviations.T @ deviations / len(points))
