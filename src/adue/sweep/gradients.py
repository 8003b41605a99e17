"""How the loss of METHOD pushes the logits of a stack of heads, in closed form: a fifth of what autograd takes.

The derivatives of :mod:`adue.head`'s scores and :mod:`adue.losses`' first two terms. Classes lie in the second
dimension here and rows in the last, so that every operation runs along contiguous rows.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from adue.config import HeadScore
from adue.head import EPS

Logits = Float[Tensor, "heads classes rows"]
PerRow = Float[Tensor, "heads rows"]


def loss_gradient(
    logits: Logits,
    errors: Float[Tensor, "#heads rows"],
    softmax_response: Float[Tensor, "#heads rows"],
    *,
    alpha: Float[Tensor, " heads"],
    sharpness: Float[Tensor, " heads"],
    score: HeadScore,
) -> Logits:
    """Return the derivative of every head's ``BCE(U, e) + alpha mean((U - U0)^2)`` by its own logits.

    Parameters
    ----------
    logits
        With a single class: the gap between two, the second minus the first.
    errors
        1 where the classifier's answer is wrong, else 0; one row of them for all heads, or one per head.
    softmax_response
        U0, in [0, 1].
    alpha, sharpness
        Of each head; `sharpness` is lambda, which ``entropy`` has none of.
    """
    u, slope = _slopes(logits, sharpness, score)
    pull = (u - errors) / (u * (1 - u)) + 2 * alpha.unsqueeze(-1) * (u - softmax_response)
    return slope * (pull / logits.shape[-1]).unsqueeze(1)


def with_both_classes(logits: Logits) -> Float[Tensor, "heads all_classes rows"]:
    """Return logits of two classes in place of the gap between them; those of more as they are."""
    return torch.cat([torch.zeros_like(logits), logits], dim=1) if logits.shape[1] == 1 else logits


def _slopes(logits: Logits, sharpness: Float[Tensor, " heads"], score: HeadScore) -> tuple[PerRow, Logits]:
    """Return U, inside (0, 1), and dU / dlogits, which is zero where U was moved inside."""
    gap = logits.shape[1] == 1
    if score == "smoothmax":
        raw, slope = (_smoothmax_of_gap if gap else _smoothmax)(logits, sharpness)
    elif score == "entropy":
        raw, slope = (_entropy_of_gap if gap else _entropy)(logits)
    else:
        raw, slope = _log_smoothmax(with_both_classes(logits), sharpness)
        slope = slope[:, -1:] if gap else slope
    kind = torch.finfo(raw.dtype)
    # As the scores and `error_bce` clamp: only the score in log space goes nearer to 0 and 1 than EPS.
    low, high = (kind.tiny, 1 - kind.eps) if score == "log_smoothmax" else (EPS, 1 - EPS)
    u = raw.clamp(low, high)
    return u, slope.mul_((raw == u).unsqueeze(1))


def _smoothmax(logits: Logits, sharpness: Float[Tensor, " heads"]) -> tuple[PerRow, Logits]:
    """With s = softmax(lambda p): dSmoothMax / dp = s, and log-sum-exp(lambda p) = lambda max p - log max s."""
    scale = 1 / (1 - 1 / logits.shape[1])
    p = logits.softmax(dim=1)
    s = (sharpness[:, None, None] * p).softmax(dim=1)
    smooth_max = p.amax(dim=1) - s.amax(dim=1).log_() / sharpness[:, None]
    weighted = s.mul_(p)
    return scale * (1 - smooth_max), (p * weighted.sum(dim=1, keepdim=True)).sub_(weighted).mul_(scale)


def _smoothmax_of_gap(gap: Logits, sharpness: Float[Tensor, " heads"]) -> tuple[PerRow, Logits]:
    """With h the smaller probability and s = sigmoid(-lambda (1 - 2 h)): U = 2 h + 2 log(1 - s) / lambda."""
    gap, sharpness = gap.squeeze(1), sharpness.unsqueeze(-1)
    smaller = gap.abs().neg_().sigmoid_()
    twice = 2 * smaller
    share = ((twice - 1) * sharpness).sigmoid_()
    rest = 1 - share
    slope = (rest - share).mul_(gap.sign()).mul_(twice).mul_(smaller.sub_(1))
    return torch.addcmul(twice, rest.log_(), 2 / sharpness), slope.unsqueeze(1)


def _log_smoothmax(logits: Logits, sharpness: Float[Tensor, " heads"]) -> tuple[PerRow, Logits]:
    """With q the lambda-norm of p, d log q / dlogits = softmax(lambda z) - softmax(z), which sums to zero.

    The entry of the largest logit is minus the sum of the others: of two numbers next to one, the difference would be
    rounding.
    """
    top = logits.argmax(dim=1, keepdim=True)
    gaps = (logits - logits.gather(1, top)).scatter(1, top, -torch.inf)
    sharpened = sharpness[:, None, None] * gaps
    rest, sharp_rest = softplus(gaps.logsumexp(dim=1)), softplus(sharpened.logsumexp(dim=1))
    minus_log_q = rest - sharp_rest / sharpness[:, None]
    scale = -1 / torch.expm1((1 / sharpness - 1) * math.log(logits.shape[1]))[:, None]
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
