"""Distance of a row's features to one of its nearest neighbours among the training rows."""

import torch
from jaxtyping import Float
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from adue.foundation.errors import DataError

NEIGHBOURS = 10
"""Which neighbour counts: fewer than a class has rows, as in the authors' 50 for CIFAR-10 and 1000 for ImageNet."""


def fit_neighbours(features: Float[Tensor, "rows hidden"], neighbours: int = NEIGHBOURS) -> NearestNeighbors:
    """Return an index of the training rows that looks for the `neighbours` nearest, or for all where there are fewer.

    Raises
    ------
    DataError
        When there are no rows, or `neighbours` is less than one.

    Examples
    --------
    >>> fit_neighbours(torch.zeros(3, 2)).n_neighbors
    3
    """
    if not len(features):
        raise DataError("distances to neighbours need training rows, got none; give some rows")
    if neighbours < 1:
        raise DataError(f"the number of neighbours must be at least 1, got {neighbours}; the default is {NEIGHBOURS}")
    return NearestNeighbors(n_neighbors=min(neighbours, len(features))).fit(features.double().numpy())


def neighbour_distance(features: Float[Tensor, "rows hidden"], index: NearestNeighbors) -> Float[Tensor, " rows"]:
    """Return the Euclidean distance to the farthest of the nearest neighbours (Sun et al. 2022, arXiv 2204.06507).

    The authors normalise the features to unit length first, in the index and here.

    >>> index = fit_neighbours(torch.tensor([[0.0], [1.0], [5.0]]), neighbours=2)
    >>> neighbour_distance(torch.tensor([[0.0], [4.0]]), index)
    tensor([1., 3.], dtype=torch.float64)
    """
    distances, _ = index.kneighbors(features.double().numpy())
    return torch.from_numpy(distances[:, -1])
