"""The AdUE head: SmoothMax and its relatives as pure functions, and the small module that learns.

Source of all formulas: AdUE (arXiv 2505.15443), section on the uncertainty head.
"""

import math
from collections.abc import Callable, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import gelu, linear, log_softmax, relu, softplus

from adue.foundation.config import HeadScore, HeadShape
from adue.foundation.defaults import LOGIT_TOLERANCE
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet

EPS = 1e-6
"""U of the paper's score is clamped to [EPS, 1 - EPS], so that its logarithms stay finite."""

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "gelu": gelu, "relu": relu}


def smooth_max(probs: Float[Tensor, "..."], sharpness: float, dim: int = -1) -> Float[Tensor, "..."]:
    """Return the SmoothMax of `probs` along `dim`: max <= SmoothMax <= max + log(classes) / sharpness.

    >>> smooth_max(torch.tensor([[0.9, 0.1]]), sharpness=100.0)
    tensor([0.9000])
    """
    return (sharpness * probs).logsumexp(dim=dim) / sharpness


def smoothmax_uncertainty(logits: Float[Tensor, "..."], sharpness: float, dim: int = -1) -> Float[Tensor, "..."]:
    """Return the paper's ``U = (1 - SmoothMax(p)) / (1 - 1/C)``, clamped to [EPS, 1 - EPS].

    Where SmoothMax(p) >= 1 the clamp holds and the gradient is exactly zero: confident mistakes teach nothing.

    >>> smoothmax_uncertainty(torch.tensor([[2.0, 0.0], [40.0, 0.0]]), sharpness=100.0)
    tensor([2.3841e-01, 1.0000e-06])
    """
    classes = logits.shape[dim]
    uncertainty = (1 - smooth_max(logits.softmax(dim=dim), sharpness, dim)) / (1 - 1 / classes)
    return uncertainty.clamp(EPS, 1 - EPS)


def log_smoothmax_uncertainty(logits: Float[Tensor, "..."], sharpness: float, dim: int = -1) -> Float[Tensor, "..."]:
    """Return U with the maximum smoothed over the logits and computed in log space; in [0, 1], with a gradient inside.

    Notes
    -----
    The smooth maximum of p is its lambda-norm, ``q = exp(logsumexp(lambda z) / lambda - logsumexp(z))``, which is
    at most 1 for every lambda > 1, so ``U = (1 - q) / (1 - C^(1/lambda - 1))`` lies in [0, 1] by itself; the clamp
    takes away rounding at uniform p only. With r the sum of
    ``exp(z_j - z_max)`` over the other classes, ``-log q = log(1 + r) - log(1 + r_lambda) / lambda``, which keeps
    full relative precision, and a gradient, down to the smallest floating-point numbers.

    Examples
    --------
    >>> log_smoothmax_uncertainty(torch.tensor([[2.0, 0.0], [40.0, 0.0]]), sharpness=100.0)
    tensor([2.4008e-01, 8.5562e-18])
    """
    classes = logits.shape[dim]
    top = logits.argmax(dim=dim, keepdim=True)
    gaps = (logits - logits.gather(dim, top)).scatter(dim, top, -torch.inf)
    log_odds_of_rest = gaps.logsumexp(dim=dim)
    sharpened = (sharpness * gaps).logsumexp(dim=dim)
    minus_log_q = softplus(log_odds_of_rest) - softplus(sharpened) / sharpness
    return (-torch.expm1(-minus_log_q) / -math.expm1((1 / sharpness - 1) * math.log(classes))).clamp(0, 1)


def entropy_uncertainty(logits: Float[Tensor, "..."], dim: int = -1) -> Float[Tensor, "..."]:
    """Return the normalised entropy ``U = H(p) / log C``, clamped to [EPS, 1 - EPS].

    >>> entropy_uncertainty(torch.tensor([[0.0, 0.0], [2.0, 0.0]]))
    tensor([1.0000, 0.5271])
    """
    log_probs = log_softmax(logits, dim=dim)
    entropy = -(log_probs.exp() * log_probs).sum(dim=dim)
    return (entropy / math.log(logits.shape[dim])).clamp(EPS, 1 - EPS)


def uncertainty(
    logits: Float[Tensor, "..."], score: HeadScore, sharpness: float, dim: int = -1
) -> Float[Tensor, "..."]:
    """Return U in [0, 1] for the logits of an uncertainty head; higher means more likely wrong.

    The classes lie along `dim`, which is gone from the result.

    >>> uncertainty(torch.tensor([[2.0, 0.0]]), "entropy", sharpness=100.0)
    tensor([0.5271])
    """
    if score == "smoothmax":
        return smoothmax_uncertainty(logits, sharpness, dim)
    if score == "log_smoothmax":
        return log_smoothmax_uncertainty(logits, sharpness, dim)
    return entropy_uncertainty(logits, dim)


class AdueHead(nn.Module):
    """A head ``[dense -> activation ->] projection`` read as an uncertainty: the classifier's own, or a trained copy.

    Parameters may carry leading dimensions: with weights of shape (heads, classes, hidden) one call runs a whole
    stack of heads on the same features. There is no dropout: the head sees frozen features.

    Parameters
    ----------
    shape
        Sizes, and the activation of a two-layer head.
    score
        How logits become U: ``smoothmax`` (paper), ``log_smoothmax``, ``entropy``.
    sharpness
        lambda of SmoothMax.
    """

    def __init__(self, shape: HeadShape, score: HeadScore = "smoothmax", sharpness: float = 100.0) -> None:
        super().__init__()
        self.shape, self.score, self.sharpness = shape, score, sharpness
        hidden, classes = shape.hidden_size, shape.num_labels
        self.out_weight = nn.Parameter(torch.zeros(classes, hidden))
        self.out_bias = nn.Parameter(torch.zeros(classes)) if shape.bias else None
        self.dense_weight = nn.Parameter(torch.zeros(hidden, hidden)) if shape.activation else None
        self.dense_bias = nn.Parameter(torch.zeros(hidden)) if shape.activation else None

    @classmethod
    def from_weights(
        cls,
        shape: HeadShape,
        weights: Mapping[str, Tensor],
        score: HeadScore = "smoothmax",
        sharpness: float = 100.0,
    ) -> "AdueHead":
        """Return a head with copies of `weights` (``out_weight``, ``out_bias``, ``dense_weight``, ``dense_bias``)."""
        head = cls(shape, score, sharpness)
        head.load_state_dict({name: tensor.detach().float().clone() for name, tensor in weights.items()})
        return head.eval()

    def require_rows(self, rows: FeatureSet, where: str) -> None:
        """Refuse rows of another classifier.

        Raises
        ------
        DataError
            When `rows` have other numbers of features or classes than the head.
        """
        given = (rows.features.shape[-1], rows.num_labels)
        wanted = (self.shape.hidden_size, self.shape.num_labels)
        if given != wanted:
            raise DataError(
                f"the {where} rows have {given[0]} features and {given[1]} classes, the head has {wanted[0]} and "
                f"{wanted[1]}; extract the rows with the classifier whose head this is"
            )

    def hidden(self, features: Float[Tensor, "rows hidden"]) -> Float[Tensor, "*heads rows hidden"]:
        """Return the head's last hidden layer: `features` themselves for a head of one linear layer."""
        if self.dense_weight is None or self.dense_bias is None or self.shape.activation is None:
            return features
        dense = _stacked_linear(features, self.dense_weight, self.dense_bias)
        return ACTIVATIONS[self.shape.activation](dense)

    def logits(self, features: Float[Tensor, "rows hidden"]) -> Float[Tensor, "*heads rows classes"]:
        """Return the logits of this head, not the classifier's."""
        return _stacked_linear(self.hidden(features), self.out_weight, self.out_bias)

    def forward(
        self,
        features: Float[Tensor, "rows hidden"],
        logits: Float[Tensor, "rows classes"] | None = None,  # noqa: ARG002 - as CorrectedResponse is called
    ) -> Float[Tensor, "*heads rows"]:
        """Return U in [0, 1] per row; higher means more likely wrong.

        Parameters
        ----------
        logits
            The classifier's own, which a trained head does not look at.
        """
        return uncertainty(self.logits(features), self.score, self.sharpness)


def recover_linear_head(features: Float[Tensor, "rows hidden"], logits: Float[Tensor, "rows classes"]) -> AdueHead:
    """Return the linear head that gave `logits` from `features`, by least squares.

    Raises
    ------
    DataError
        When no linear head reproduces the logits to a thousandth of their size, or any head would: with no more rows
        than weights per class there is one for any logits.

    Examples
    --------
    >>> features = torch.tensor([[0.0], [1.0], [3.0]])
    >>> head = recover_linear_head(features, torch.cat([2 - features, 1 - features], dim=-1))
    >>> head.out_bias.detach()
    tensor([2., 1.])
    """
    if len(features) <= features.shape[-1] + 1:
        raise DataError(
            f"{len(features)} rows of {features.shape[-1]} features do not tell which head gave their logits; "
            "give more rows, or the classifier's own head as classifier_head=AdueHead.from_weights(...)"
        )
    design = torch.cat([features, features.new_ones(len(features), 1)], dim=-1).double()
    solution = torch.linalg.lstsq(design, logits.double(), driver="gelsd").solution
    difference = (design @ solution - logits.double()).abs().max()
    if difference > LOGIT_TOLERANCE * (1 + logits.abs().max()):
        raise DataError(
            f"the logits are not a linear function of the features (off by up to {float(difference):.3g}); "
            "pass the classifier's own head as classifier_head=AdueHead.from_weights(...)"
        )
    shape = HeadShape(hidden_size=features.shape[-1], num_labels=logits.shape[-1])
    return AdueHead.from_weights(shape, {"out_weight": solution[:-1].T, "out_bias": solution[-1]})


def _stacked_linear(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    if weight.dim() == 2:  # noqa: PLR2004 - one head
        return linear(inputs, weight, bias)
    if inputs.dim() == 2:  # noqa: PLR2004 - the same rows for every head: one product serves them all
        outputs: Tensor = linear(inputs, weight.flatten(0, -2)).unflatten(-1, weight.shape[:-1]).movedim(0, -2)
    else:
        outputs = inputs @ weight.transpose(-1, -2)
    return outputs if bias is None else outputs + bias.unsqueeze(-2)
