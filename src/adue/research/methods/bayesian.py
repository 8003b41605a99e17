"""A posterior over the classification head, from features alone: last-layer Laplace, and SWAG."""

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.research.methods.laplace_torch import laplace_torch, without_reminders
from adue.research.methods.method import FitRows, Method, Scorer, ScoreRows
from adue.research.methods.swag import fit_swag

FIT_BATCH = 1024

FULL_PARAMETERS = 1000
"""Up to this many weights the Hessian is kept whole; above, as a Kronecker product, in seconds instead of minutes."""

EXACT_CLASSES = 20
"""Up to this many classes the Fisher is exact; above, estimated from one drawn answer per row, fifty times faster."""


def fit_last_layer_laplace(rows: FitRows) -> Scorer:
    """Return what scores rows by the Laplace approximation of the head's last linear layer.

    Notes
    -----
    A Gaussian around the trained weights, with the Gauss-Newton Hessian on the training rows and the prior precision
    of the highest marginal likelihood (Daxberger et al. 2021, arXiv 2106.14806). With m and v the mean and variance of
    a logit, ``p = softmax(m / sqrt(1 + pi v / 8))`` in closed form (MacKay 1992), and u = 1 - p of the classifier's
    own answer.

    Raises
    ------
    MissingExtraError
        When laplace-torch is not installed.
    """
    head, labels = rows.classifier_head, _labels(rows.train)
    layer = _linear(head)
    classes, width = layer.weight.shape
    whole = classes * (width + 1) <= FULL_PARAMETERS
    posterior = laplace_torch().Laplace(
        layer,
        "classification",
        subset_of_weights="all",
        hessian_structure="full" if whole else "kron",
        backend_kwargs={"stochastic": classes > EXACT_CLASSES},
    )
    inputs = _hidden(head, rows.train.features)
    with without_reminders():
        posterior.fit(DataLoader(TensorDataset(inputs, labels), batch_size=FIT_BATCH))
        set_prior_precision(posterior)
    variance = whole_variance if whole else kronecker_variance

    def score(given: ScoreRows) -> Tensor:
        probabilities = _predictive(posterior, _hidden(head, given.rows.features), variance).double()
        return 1 - probabilities.gather(-1, given.rows.predictions.unsqueeze(-1)).squeeze(-1)

    return score


def set_prior_precision(posterior: Any) -> None:
    """Give a fitted posterior of laplace-torch the prior precision with the highest marginal likelihood."""
    posterior.optimize_prior_precision(method="marglik", n_steps=40, lr=0.25)


def _linear(head: AdueHead) -> nn.Linear:
    """Return the head's last layer as a layer of its own, which laplace-torch can read."""
    classes, width = head.out_weight.shape
    layer = nn.Linear(width, classes, bias=head.out_bias is not None)
    with torch.no_grad():
        layer.weight.copy_(head.out_weight)
        if head.out_bias is not None:
            layer.bias.copy_(head.out_bias)
    return layer.eval()


@torch.no_grad()
def _hidden(head: AdueHead, features: Tensor) -> Tensor:
    return head.hidden(features)


def _labels(rows: FeatureSet) -> Tensor:
    if rows.labels is None:
        raise DataError("a posterior over the head needs the training rows' labels; add a label column")
    return rows.labels


@torch.no_grad()
def _predictive(posterior: Any, inputs: Tensor, variance: Callable[[Any, Tensor], Tensor]) -> Tensor:
    mean: Tensor = posterior.model(inputs)
    return (mean / (1 + math.pi / 8 * variance(posterior, inputs)).sqrt()).softmax(dim=-1)


def whole_variance(posterior: Any, inputs: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows classes"]:
    """Return the variance of each logit under a posterior of one linear layer whose covariance is kept whole.

    laplace-torch multiplies Jacobians, which for one linear layer hold little but zeros; these are the same numbers.
    """
    classes, width = posterior.model.weight.shape
    covariance, hidden = posterior.posterior_covariance, inputs
    places = torch.arange(classes * width).view(classes, width)
    if posterior.model.bias is not None:
        places = torch.column_stack([places, classes * width + torch.arange(classes)])
        hidden = torch.nn.functional.pad(inputs, (0, 1), value=1.0)
    blocks = (covariance[own][:, own] for own in places)
    return torch.stack([((hidden @ block) * hidden).sum(dim=-1) for block in blocks], dim=-1)


def kronecker_variance(posterior: Any, inputs: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows classes"]:
    """Return the variance of each logit under the Kronecker-factored posterior of one linear layer.

    laplace-torch computes it from Jacobians of shape (rows, classes, classes x hidden): gigabytes for 150 classes.
    Here h is turned into the eigenvectors of its own factor instead, which gives the same numbers.
    """
    precision = posterior.posterior_precision
    weight_vectors, weight_values = precision.eigenvectors[0], precision.eigenvalues[0]
    of_outputs, of_inputs = weight_vectors[0].square(), (inputs @ weight_vectors[1]).square()
    inverse = 1 / (torch.outer(weight_values[0], weight_values[1]) + precision.deltas[0])
    variance: Tensor = of_inputs @ (of_outputs @ inverse).T
    if len(precision.eigenvalues) > 1:
        variance = variance + precision.eigenvectors[1][0].square() @ (
            1 / (precision.eigenvalues[1][0] + precision.deltas[1])
        )
    return variance


BAYESIAN_METHODS: tuple[Method, ...] = (
    Method(
        "last-layer-laplace",
        "Daxberger et al. 2021, arXiv 2106.14806; Kristiadi et al. 2020, arXiv 2002.10118",
        fit_last_layer_laplace,
        probability=True,
    ),
    Method("swag-head", "Maddox et al. 2019, arXiv 1902.02476", fit_swag, probability=True),
)
"""One forward pass each: what is drawn or integrated is the head, on features that are already there."""
