"""Softmax response after temperature scaling: one number, fitted on held-out labels, divides all logits."""

import math

from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.nn.functional import cross_entropy

from adue.foundation.errors import DataError
from adue.scores.outputs import error_probability

BOUNDS = (0.05, 20.0)
"""Where the temperature is looked for: rows that are all right would have zero, rows that are all wrong infinity."""


def fit_temperature(logits: Float[Tensor, "rows classes"], labels: Int[Tensor, " rows"]) -> float:
    """Return the temperature in BOUNDS with the least negative log-likelihood (Guo et al. 2017, arXiv 1706.04599).

    Raises
    ------
    DataError
        When there are no rows.

    Notes
    -----
    The likelihood has one optimum: it is convex in the inverse temperature.

    Examples
    --------
    Three of four answers are right, so the two classes' odds should be 3 : 1 and the gap log 3, which is given as 2:

    >>> import torch
    >>> temperature = fit_temperature(torch.tensor([[2.0, 0.0]] * 4), torch.tensor([0, 0, 0, 1]))
    >>> round(2 / temperature, 4) == round(math.log(3), 4)
    True
    """
    if not len(logits):
        raise DataError("a temperature needs held-out rows with labels, got none; set some rows aside for calibration")
    z = logits.double()

    def loss(log_temperature: float) -> float:
        return float(cross_entropy(z / math.exp(log_temperature), labels))

    low, high = map(math.log, BOUNDS)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-8})
    return math.exp(float(found.x))


def temperature_response(logits: Float[Tensor, "rows classes"], temperature: float) -> Float[Tensor, " rows"]:
    """Return ``1 - max p`` of the logits divided by `temperature`, in [0, 1 - 1/C].

    >>> import torch
    >>> temperature_response(torch.tensor([[4.0, 0.0]]), temperature=2.0)
    tensor([0.1192], dtype=torch.float64)
    """
    return error_probability(logits.double() / temperature)
