"""The three terms of the AdUE loss, each a mean over rows or a sum over weights (METHOD, "The loss")."""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor


def error_bce(u: Float[Tensor, "*heads rows"], errors: Float[Tensor, " rows"]) -> Float[Tensor, "*heads"]:
    """Return the binary cross-entropy of U as the probability of an error, averaged over rows.

    Logarithms are bounded below at -100, as in torch.nn.BCELoss, so that U = 0 or 1 gives a finite loss.
    """
    log_u = u.log().clamp(min=-100)
    log_rest = (-u).log1p().clamp(min=-100)
    return -torch.where(errors > 0, log_u, log_rest).mean(dim=-1)


def softmax_regularisation(
    u: Float[Tensor, "*heads rows"], softmax_response: Float[Tensor, " rows"]
) -> Float[Tensor, "*heads"]:
    """Return the mean squared distance of U to the normalised softmax response U0."""
    return (u - softmax_response).square().mean(dim=-1)


def l2_sp(weights: Iterable[Tensor], starting_points: Iterable[Tensor], stack_dims: int = 0) -> Float[Tensor, "*heads"]:
    """Return the squared distance of all weights to where they started (L2-SP, Li et al. 2018, arXiv 1802.01483).

    The first `stack_dims` dimensions count heads and are kept.
    """
    terms = [
        (weight - start).square().flatten(start_dim=stack_dims).sum(dim=-1)
        for weight, start in zip(weights, starting_points, strict=True)
    ]
    return torch.stack(terms).sum(dim=0)
