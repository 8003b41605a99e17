"""Principal components of an RBF kernel, without a matrix of all rows by all rows."""

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from sklearn.decomposition import KernelPCA
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics.pairwise import rbf_kernel
from torch import Tensor

from adue.foundation.strata import stratified
from adue.scores.moments import ClassMoments
from adue.scores.parts import ROWS_AT_ONCE

KERNEL_ROWS = 2000
"""Most rows that a kernel matrix is made of: its eigenvectors cost the cube of this."""

LANDMARKS = 1000
"""Rows that span the space of a Nystroem approximation: it scores in half the time that KERNEL_ROWS take."""

KernelMap = Literal["subsample", "nystroem"]
"""What stands in for kernel PCA of more than KERNEL_ROWS rows.

That of a subsample of so many rows; or PCA of all rows in the space that a Nystroem approximation with LANDMARKS
rows spans, which lies nearer to kernel PCA of all rows and reads them once more.
"""

Projection: TypeAlias = Callable[[Tensor], Tensor]
"""From rows in float64 of shape (rows, hidden) to their components of shape (rows, components)."""


def fit_projection(
    features: Float[Tensor, "rows hidden"],
    labels: Int[Tensor, " rows"],
    components: int,
    *,
    kernel_map: KernelMap = "subsample",
    seed: int = 0,
) -> Projection:
    """Return the projection on the first principal components of the kernel ``exp(-|x - y|^2 / hidden)``.

    Up to KERNEL_ROWS rows it is exact, and the same by either map.

    >>> features = torch.linspace(0, 1, 20).unsqueeze(-1)
    >>> project = fit_projection(features, torch.zeros(20, dtype=torch.int64), components=2)
    >>> project(features.double()).shape
    torch.Size([20, 2])
    """
    approximate = kernel_map == "nystroem" and len(features) > KERNEL_ROWS
    chosen = torch.from_numpy(stratified(labels.numpy(), LANDMARKS if approximate else KERNEL_ROWS, seed))
    rows = features[chosen].double().numpy()
    if approximate:
        return _nystroem(features, rows, components)
    pca = KernelPCA(components, kernel="rbf", remove_zero_eig=True, random_state=seed).fit(rows)
    return lambda x: torch.from_numpy(pca.transform(x.numpy()))


def _nystroem(features: Tensor, landmarks: np.ndarray, components: int) -> Projection:
    hidden = landmarks.shape[1]
    space = Nystroem(kernel="rbf", gamma=1 / hidden, n_components=len(landmarks), random_state=0).fit(landmarks)
    moments = ClassMoments(len(landmarks))
    for part in features.split(ROWS_AT_ONCE):
        points = torch.from_numpy(space.transform(part.double().numpy()))
        moments.update(points, torch.zeros(len(part), dtype=torch.int64))
    _, directions = torch.linalg.eigh(moments.within)
    chosen: Tensor = directions[:, -components:].flip(-1)
    # Both linear maps as one: a row then costs its kernel with the landmarks and few products more.
    weights, center = torch.from_numpy(space.normalization_).T @ chosen, moments.mean @ chosen

    def project(x: Tensor) -> Tensor:
        kernel = torch.from_numpy(rbf_kernel(x.numpy(), space.components_, gamma=1 / hidden))
        return kernel @ weights - center

    return project
