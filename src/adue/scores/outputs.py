"""Scores that need the classifier's logits only; in float64, so that confident rows are not tied by rounding."""

import torch
from jaxtyping import Float
from torch import Tensor


def error_log_odds(logits: Float[Tensor, "*rows classes"]) -> Float[Tensor, "*rows"]:
    """Return ``log((1 - max p) / max p)``, unbounded: the odds of a wrong answer if the probabilities were right.

    Computed from the gaps to the largest logit, so that it neither saturates nor ties.

    >>> error_log_odds(torch.tensor([[2.0, 0.0], [100.0, 0.0]]))
    tensor([  -2., -100.], dtype=torch.float64)
    """
    z = logits.double()
    top = z.argmax(dim=-1, keepdim=True)
    return (z - z.gather(-1, top)).scatter(-1, top, -torch.inf).logsumexp(dim=-1)


def error_probability(logits: Float[Tensor, "*rows classes"]) -> Float[Tensor, "*rows"]:
    """Return ``1 - max p``, in [0, 1 - 1/C]: the chance of a wrong answer if the probabilities were right.

    The sum of the other classes' probabilities, which keeps full relative precision where max p rounds to one.

    >>> error_probability(torch.tensor([[2.0, 0.0], [100.0, 0.0]]))
    tensor([1.1920e-01, 3.7201e-44], dtype=torch.float64)
    """
    return error_log_odds(logits).sigmoid()


def softmax_response(logits: Float[Tensor, "*rows classes"]) -> Float[Tensor, "*rows"]:
    """Return the normalised softmax response ``U0 = (1 - max p) / (1 - 1/C)``, in [0, 1].

    Source: Hendrycks and Gimpel 2017 (arXiv 1610.02136), normalised as in AdUE (arXiv 2505.15443).

    >>> softmax_response(torch.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([0.2384, 1.0000], dtype=torch.float64)
    """
    return error_probability(logits) / (1 - 1 / logits.shape[-1])


def entropy(logits: Float[Tensor, "rows classes"]) -> Float[Tensor, " rows"]:
    """Return the entropy of the predicted distribution, in [0, log C] nats.

    >>> entropy(torch.tensor([[2.0, 0.0]]))
    tensor([0.3653], dtype=torch.float64)
    """
    terms: Tensor = torch.special.entr(logits.double().softmax(dim=-1))
    return terms.sum(dim=-1)


def margin(logits: Float[Tensor, "rows classes"]) -> Float[Tensor, " rows"]:
    """Return one minus the gap between the two largest probabilities, in [0, 1] (Scheffer et al. 2001).

    >>> margin(torch.tensor([[2.0, 0.0], [100.0, 0.0]]))
    tensor([2.3841e-01, 7.4402e-44], dtype=torch.float64)
    """
    second = logits.double().softmax(dim=-1).topk(2, dim=-1).values[:, 1]
    return error_probability(logits) + second


def energy(logits: Float[Tensor, "rows classes"]) -> Float[Tensor, " rows"]:
    """Return the energy ``-logsumexp(logits)``, unbounded (Liu et al. 2020, arXiv 2010.03759).

    >>> energy(torch.tensor([[2.0, 0.0]]))
    tensor([-2.1269], dtype=torch.float64)
    """
    return -logits.double().logsumexp(dim=-1)


def max_logit(logits: Float[Tensor, "rows classes"]) -> Float[Tensor, " rows"]:
    """Return minus the largest logit, unbounded (Hendrycks et al. 2022, arXiv 1911.11132).

    >>> max_logit(torch.tensor([[2.0, 0.0]]))
    tensor([-2.], dtype=torch.float64)
    """
    return -logits.double().amax(dim=-1)
