"""The terms of the losses, one by one: the ranking loss of the score ``auto``, and the three of the paper's loss.

The ranking head (:mod:`adue.heads.ranking`) learns by :func:`pairwise_ranking` and :func:`l2_sp`. The sweep of the
paper's preset calls none of these: it has the gradient of the paper's loss (AdUE, arXiv 2505.15443) in closed form
(:mod:`adue.heads.sweep.gradients`), and the tests compare that with the derivatives of the functions here. One ablation
of the benchmark learns by these functions too.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import softplus


def error_bce(u: Float[Tensor, "*heads rows"], errors: Bool[Tensor, " rows"]) -> Float[Tensor, "*heads"]:
    """Return the binary cross-entropy of U as the probability of an error, averaged over rows.

    U is kept one floating-point step inside (0, 1), so that U = 0 or 1 gives a finite loss and a finite gradient.

    >>> error_bce(torch.tensor([0.5, 0.5]), torch.tensor([True, False]))
    tensor(0.6931)
    """
    kind = torch.finfo(u.dtype)
    inside = u.clamp(kind.tiny, 1 - kind.eps)
    return -torch.where(errors, inside.log(), (-inside).log1p()).mean(dim=-1)


def softmax_regularisation(
    u: Float[Tensor, "*heads rows"], softmax_response: Float[Tensor, " rows"]
) -> Float[Tensor, "*heads"]:
    """Return the mean squared distance of U to the normalised softmax response U0.

    >>> softmax_regularisation(torch.tensor([0.5, 0.0]), torch.tensor([0.0, 0.0]))
    tensor(0.1250)
    """
    return (u - softmax_response).square().mean(dim=-1)


def pairwise_ranking(u: Float[Tensor, " rows"], errors: Bool[Tensor, " rows"]) -> Float[Tensor, ""]:
    """Return the mean of ``log(1 + exp(u_right - u_wrong))`` over all pairs of a right and a wrong row.

    A smooth bound of 1 - AUROC, in units of log 2 (RankNet, Burges et al. 2005). `u` may be any real number, such as
    log odds; NaN where all rows are right or all are wrong.

    >>> pairwise_ranking(torch.tensor([0.0, 0.0, 0.0]), torch.tensor([True, False, False]))
    tensor(0.6931)
    """
    return softplus(u[~errors].unsqueeze(0) - u[errors].unsqueeze(1)).mean()


def l2_sp(weights: Iterable[Tensor], starting_points: Iterable[Tensor], stack_dims: int = 0) -> Float[Tensor, "*heads"]:
    """Return the squared distance of all weights to where they started (L2-SP, Li et al. 2018, arXiv 1802.01483).

    The first `stack_dims` dimensions count heads and are kept.

    >>> l2_sp([torch.tensor([3.0, 4.0])], [torch.zeros(2)])
    tensor(25.)
    """
    terms = [
        (weight - start).square().flatten(start_dim=stack_dims).sum(dim=-1)
        for weight, start in zip(weights, starting_points, strict=True)
    ]
    return torch.stack(terms).sum(dim=0)
