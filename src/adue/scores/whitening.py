"""Factors of an inverse covariance: what turns deviations into ones whose squared length is a Mahalanobis distance."""

import torch
from jaxtyping import Float
from torch import Tensor

LEAST_CONDITION = 1e-12
"""Reciprocal condition number from which on a covariance is factored by Cholesky: a fifth of the time of eigenvalues.

The factor then has nine digits at least: what is lost grows with its own condition number, a root of the covariance's.
"""


def whitening(covariance: Float[Tensor, "hidden hidden"]) -> Float[Tensor, "hidden rank"]:
    """Return W with ``W W^T`` the pseudo-inverse of `covariance`; directions without variance are left out.

    >>> whitening(torch.tensor([[4.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5000],
            [0.0000]])
    """
    factor, failed = torch.linalg.cholesky_ex(covariance)
    if not int(failed):
        inverse = torch.linalg.solve_triangular(factor, torch.eye(len(factor)).to(factor), upper=False)
        condition = torch.linalg.matrix_norm(factor, 1) * torch.linalg.matrix_norm(inverse, 1)
        if condition**-2 > LEAST_CONDITION:
            result: Tensor = inverse.T.contiguous()
            return result
    return _of_eigenvalues(covariance)


def _of_eigenvalues(covariance: Tensor) -> Tensor:
    variances, directions = torch.linalg.eigh(covariance)
    rounding = torch.finfo(covariance.dtype).eps * len(covariance) * torch.linalg.vector_norm(variances)
    kept = variances > rounding
    factor: Tensor = directions[:, kept] / variances[kept].sqrt()
    return factor
