"""The gradient of the paper's loss by the logits of a stack of heads, in closed form: a fifth of autograd's time.

The loss is that of AdUE (arXiv 2505.15443). These are the derivatives of the scores in :mod:`adue.heads.head` and of
two terms in :mod:`adue.heads.losses`. Classes lie in the second dimension here and rows in the last, so that every
operation runs along contiguous rows.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from adue.foundation.config import Activation, HeadScore
from adue.heads.head import EPS

Logits = Float[Tensor, "heads classes rows"]
PerRow = Float[Tensor, "heads rows"]
PerHead = Float[Tensor, "heads 1"]


def activation_gradient(activation: Activation, gradient: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Return the gradient of what enters an activation, from that of what leaves it; all of the same shape."""
    backward = torch.ops.aten
    pulled: Tensor
    if activation == "tanh":
        pulled = backward.tanh_backward(gradient, after)
    elif activation == "gelu":
        pulled = backward.gelu_backward(gradient, before)
    else:
        pulled = backward.threshold_backward(gradient, after, 0)
    return pulled


class _Sharpness(NamedTuple):
    """Lambda of each head, and what is made of it once and not in every step."""

    value: PerHead
    negative: PerHead
    twice_inverse: PerHead


class LossGradient:
    """The derivative of ``BCE(U, e) + alpha (U - U0)^2`` of each row by the logits of heads that share a score.

    The loss of a batch is the mean over its rows.

    Parameters
    ----------
    alpha, sharpness
        Of each head; `sharpness` is lambda, which ``entropy`` has none of.
    """

    def __init__(self, *, alpha: Float[Tensor, " heads"], sharpness: Float[Tensor, " heads"], score: HeadScore) -> None:
        self._twice_alpha = 2 * alpha.unsqueeze(-1)
        column = sharpness.unsqueeze(-1)
        self._sharpness = _Sharpness(column, -column, 2 / column)
        self._score = score

    def __call__(
        self, logits: Logits, errors: Float[Tensor, "#heads rows"], softmax_response: Float[Tensor, "#heads rows"]
    ) -> Logits:
        """Return the derivative by `logits`.

        Parameters
        ----------
        logits
            With a single class: the gap between two, the second minus the first.
        errors
            1 where the classifier's answer is wrong, else 0; one row of them for all heads, or one per head.
        softmax_response
            U0, in [0, 1].
        """
        raw, slope = _slopes(logits, self._sharpness, self._score)
        # As the scores and `error_bce` clamp: only the score in log space goes nearer to 0 and 1 than EPS.
        kind = torch.finfo(raw.dtype)
        inside = (kind.tiny, 1 - kind.eps) if self._score == "log_smoothmax" else (EPS, 1 - EPS)
        # d BCE / dU is -1 / U for an error and 1 / (1 - U) for a right answer.
        pull = (1 - errors - raw).reciprocal_().addcmul_(raw - softmax_response, self._twice_alpha)
        # What autograd does after a clamp, and a third of what it takes to compare and to multiply.
        return slope.mul_(torch.ops.aten.hardtanh_backward(pull, raw, *inside).unsqueeze(1))


def with_both_classes(logits: Logits) -> Float[Tensor, "heads all_classes rows"]:
    """Return logits of two classes in place of the gap between them; those of more as they are."""
    return torch.cat([torch.zeros_like(logits), logits], dim=1) if logits.shape[1] == 1 else logits


def _slopes(logits: Logits, sharpness: _Sharpness, score: HeadScore) -> tuple[PerRow, Logits]:
    """Return U before it is clamped, and dU / dlogits."""
    gap = logits.shape[1] == 1
    if score == "smoothmax":
        return _smoothmax_of_gap(logits, sharpness) if gap else _smoothmax(logits, sharpness.value)
    if score == "entropy":
        return (_entropy_of_gap if gap else _entropy)(logits)
    u, slope = _log_smoothmax(with_both_classes(logits), sharpness.value)
    return u, slope[:, -1:] if gap else slope


def _smoothmax(logits: Logits, sharpness: PerHead) -> tuple[PerRow, Logits]:
    """With s = softmax(lambda p): dSmoothMax / dp = s, and log-sum-exp(lambda p) = lambda max p - log max s."""
    scale = 1 / (1 - 1 / logits.shape[1])
    p = logits.softmax(dim=1)
    s = (sharpness.unsqueeze(-1) * p).softmax(dim=1)
    smooth_max = p.amax(dim=1) - s.amax(dim=1).log_() / sharpness
    weighted = s.mul_(p)
    return scale * (1 - smooth_max), (p * weighted.sum(dim=1, keepdim=True)).sub_(weighted).mul_(scale)


def _smoothmax_of_gap(gap: Logits, sharpness: _Sharpness) -> tuple[PerRow, Logits]:
    """With h the smaller probability and r = sigmoid(lambda (1 - 2 h)): U = 2 h + 2 log r / lambda.

    Its derivative by the gap is ``sign(gap) 2 h (1 - h) (1 - 2 r)``.
    """
    gap = gap.squeeze(1)
    smaller = gap.copysign(-1).sigmoid_()
    twice = smaller + smaller
    share = torch.addcmul(sharpness.value, twice, sharpness.negative).sigmoid_()
    slope = torch.addcmul(twice, twice, smaller, value=-1)
    slope.addcmul_(slope, share, value=-2)
    return twice.addcmul_(share.log_(), sharpness.twice_inverse), slope.mul_(gap.sign()).unsqueeze(1)


def _log_smoothmax(logits: Logits, sharpness: PerHead) -> tuple[PerRow, Logits]:
    """With q the lambda-norm of p, d log q / dlogits = softmax(lambda z) - softmax(z), which sums to zero.

    The entry of the largest logit is minus the sum of the others: of two numbers next to one, the difference would be
    rounding.
    """
    top = logits.argmax(dim=1, keepdim=True)
    gaps = (logits - logits.gather(1, top)).scatter(1, top, -torch.inf)
    sharpened = sharpness.unsqueeze(-1) * gaps
    rest, sharp_rest = softplus(gaps.logsumexp(dim=1)), softplus(sharpened.logsumexp(dim=1))
    minus_log_q = rest - sharp_rest / sharpness
    scale = -1 / torch.expm1((1 / sharpness - 1) * math.log(logits.shape[1]))
    difference = (gaps - rest.unsqueeze(1)).exp_() - (sharpened - sharp_rest.unsqueeze(1)).exp_()
    difference.scatter_(1, top, -difference.sum(dim=1, keepdim=True))
    return -torch.expm1(-minus_log_q) * scale, difference.mul_((scale * (-minus_log_q).exp()).unsqueeze(1))


def _entropy(logits: Logits) -> tuple[PerRow, Logits]:
    """With H the entropy, dH / dlogits = -p (log p + H)."""
    scale = 1 / math.log(logits.shape[1])
    log_p = logits.log_softmax(dim=1)
    p = log_p.exp()
    entropy = -(p * log_p).sum(dim=1)
    return scale * entropy, (log_p + entropy.unsqueeze(1)).mul_(p).mul_(-scale)


def _entropy_of_gap(gap: Logits) -> tuple[PerRow, Logits]:
    """With p and 1 - p the two probabilities, dH / dgap = -gap p (1 - p)."""
    distance = gap.abs()
    p = distance.sigmoid()
    entropy = p * softplus(-distance) + (1 - p) * softplus(distance)
    return entropy.squeeze(1) / math.log(2), (gap * p).mul_(p - 1).div_(math.log(2))
