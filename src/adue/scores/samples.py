"""Scores of several answers to the same row: logits of dropout passes, drawn weights, or an ensemble's members.

All are computed in float64. Two of them look alike and answer different questions. `mean_error_probability` is the
literature's: how unsure the averaged answers are of *their* class. The predictions judged here are the classifier's own
and stay what they are; `answer_error_probability` asks what the averaged answers think of *that* class. They differ
where averaging would change the answer: there the first may be small although the classifier is almost surely wrong.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def predictive_entropy(samples: Float[Tensor, "samples rows classes"]) -> Float[Tensor, " rows"]:
    """Return the entropy of the averaged probabilities, in [0, log C] nats (Gal 2016, "Uncertainty in Deep Learning").

    >>> predictive_entropy(torch.tensor([[[2.0, 0.0]], [[0.0, 2.0]]]))
    tensor([0.6931], dtype=torch.float64)
    """
    entropy: Tensor = torch.special.entr(_mean_probabilities(samples)).sum(dim=-1)
    return entropy


def bald(samples: Float[Tensor, "samples rows classes"]) -> Float[Tensor, " rows"]:
    """Return the mutual information of answer and model, in [0, log C] nats (Houlsby et al. 2011, arXiv 1112.5745).

    The entropy of the averaged probabilities minus the average of the samples' entropies: zero where all agree.

    >>> bald(torch.tensor([[[2.0, 0.0]], [[0.0, 2.0]]]))
    tensor([0.3278], dtype=torch.float64)
    """
    of_each: Tensor = torch.special.entr(samples.double().softmax(dim=-1)).sum(dim=-1)
    # Where all samples agree the difference of two equal sums is rounding, which may fall below zero.
    return (predictive_entropy(samples) - of_each.mean(dim=0)).clamp(min=0)


def variation_ratio(samples: Float[Tensor, "samples rows classes"]) -> Float[Tensor, " rows"]:
    """Return the share of samples whose answer is not the commonest one, in [0, 1 - 1/C] (Freeman 1965).

    >>> variation_ratio(torch.tensor([[[2.0, 0.0]], [[0.0, 2.0]], [[1.0, 0.0]], [[3.0, 0.0]]]))
    tensor([0.2500], dtype=torch.float64)
    """
    answers = torch.nn.functional.one_hot(samples.argmax(dim=-1), samples.shape[-1])
    return 1 - answers.double().mean(dim=0).amax(dim=-1)


def mean_error_probability(samples: Float[Tensor, "samples rows classes"]) -> Float[Tensor, " rows"]:
    """Return one minus the largest averaged probability, in [0, 1 - 1/C] (Gal and Ghahramani 2016, arXiv 1506.02142).

    >>> mean_error_probability(torch.tensor([[[2.0, 0.0]], [[0.0, 0.0]]]))
    tensor([0.3096], dtype=torch.float64)
    """
    return 1 - _mean_probabilities(samples).amax(dim=-1)


def answer_error_probability(
    samples: Float[Tensor, "samples rows classes"], answers: Int[Tensor, " rows"]
) -> Float[Tensor, " rows"]:
    """Return one minus the averaged probability of the answers judged, in [0, 1].

    >>> answer_error_probability(torch.tensor([[[2.0, 0.0]], [[0.0, 0.0]]]), torch.tensor([1]))
    tensor([0.6904], dtype=torch.float64)
    """
    return 1 - _mean_probabilities(samples).gather(-1, answers.unsqueeze(-1)).squeeze(-1)


def _mean_probabilities(samples: Tensor) -> Tensor:
    return samples.double().softmax(dim=-1).mean(dim=0)
