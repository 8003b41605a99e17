"""A stack of heads that learn side by side: one product serves all heads that see the same rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from adue.config import HeadScore
from adue.head import ACTIVATIONS, AdueHead, uncertainty
from adue.sweep.gradients import loss_gradient

Weights = dict[str, Tensor]
"""Parameters by name; with a first dimension of heads where a whole stack is meant."""

Key = TypeVar("Key")

BETAS = (0.9, 0.999)
EPSILON = 1e-8
"""Adam's, as torch has them."""

PART = 2**20
"""Numbers that Adam updates in one go: so many stay in the processor's cache over its nine passes."""


@dataclass(frozen=True)
class Member:
    """One head of the stack: which it is, and everything it learns by."""

    index: int
    learning_rate: float
    alpha: float
    beta: float
    sharpness: float
    score: HeadScore
    seed: int


@dataclass(frozen=True)
class Batch:
    """The rows that the heads of one seed see in a step."""

    features: Float[Tensor, "rows hidden"]
    errors: Float[Tensor, " rows"]
    softmax_response: Float[Tensor, " rows"]


@dataclass(frozen=True)
class _Dense:
    """The last hidden layer, and what takes its gradient back through the activation."""

    hidden: Float[Tensor, "heads hidden rows"]
    pull: Callable[[Tensor], tuple[Tensor]]


@dataclass(frozen=True)
class _Pass:
    """What one pass through the heads leaves for the way back; `dense` only where there is such a layer."""

    logits: Float[Tensor, "heads classes rows"]
    dense: _Dense | None = None


class HeadStack:
    """Copies of one head, their Adam moments, and the gradients in closed form.

    Parameters
    ----------
    members
        The heads; they are kept sorted by score and seed, in :attr:`members`.
    start
        The head that all are copies of, and that L2-SP pulls back to.
    device
        Where the stack lies.
    """

    def __init__(self, members: Sequence[Member], start: AdueHead, device: torch.device) -> None:
        self.members = sorted(members, key=lambda member: (member.score, member.seed, member.index))
        self.shape = start.shape
        self.start = {name: weight.detach().to(device) for name, weight in start.state_dict().items()}
        self.weights = {n: w.expand(len(members), *w.shape).clone() for n, w in self.start.items()}
        self._moments = tuple({n: torch.zeros_like(w) for n, w in self.weights.items()} for _ in BETAS)
        self._steps = 0
        self._arrange(device)

    def _arrange(self, device: torch.device) -> None:
        def column(name: str) -> Tensor:
            return torch.tensor([getattr(member, name) for member in self.members], device=device)

        self._alpha, self._beta = column("alpha"), column("beta")
        self._rate, self._sharpness = column("learning_rate"), column("sharpness")
        self._scores = _runs([member.score for member in self.members])
        self._seeds = _runs([(member.score, member.seed) for member in self.members])
        seeds = sorted({member.seed for member in self.members})
        self._seed_places = torch.tensor([seeds.index(member.seed) for member in self.members], device=device)

    @property
    def device(self) -> torch.device:
        """Where the stack lies."""
        return self._rate.device

    def keep(self, kept: Sequence[bool]) -> None:
        """Drop the heads that are not kept."""
        places = torch.tensor([place for place, stays in enumerate(kept) if stays], device=self.device)
        self.members = [self.members[place] for place in places.tolist()]
        for tensors in (self.weights, *self._moments):
            for name, stacked in tensors.items():
                tensors[name] = stacked[places]
        self._arrange(self.device)

    def uncertainty(self, features: Float[Tensor, "rows hidden"]) -> Float[Tensor, "heads rows"]:
        """Return U of every head for the same rows."""
        logits = self._forward({seed: features for (_, seed), _ in self._seeds}).logits
        alike = _runs([(member.score, member.sharpness) for member in self.members])
        return torch.cat([uncertainty(logits[heads], *score, dim=1) for score, heads in alike])

    def step(self, batches: Mapping[int, Batch], share: float) -> None:
        """Move every head down its own gradient, at `share` of its own learning rate.

        Parameters
        ----------
        batches
            The rows to learn from, by seed.
        """
        inputs = {seed: batch.features for seed, batch in batches.items()}
        forward = self._forward(inputs)
        slope = torch.cat([self._slope(forward.logits[heads], heads, score, batches) for score, heads in self._scores])
        self._adam(self._backward(forward, slope, inputs), share)

    def _slope(self, logits: Tensor, heads: slice, score: HeadScore, batches: Mapping[int, Batch]) -> Tensor:
        several = [batches[seed] for seed in sorted(batches)]
        errors = torch.stack([batch.errors for batch in several])
        anchor = torch.stack([batch.softmax_response for batch in several])
        if len(several) > 1:
            errors, anchor = errors[self._seed_places[heads]], anchor[self._seed_places[heads]]
        return loss_gradient(
            logits, errors, anchor, alpha=self._alpha[heads], sharpness=self._sharpness[heads], score=score
        )

    def _forward(self, inputs: Mapping[int, Tensor]) -> _Pass:
        if self.shape.activation is None:
            return _Pass(self._products("out_weight", "out_bias", inputs))
        before = self._products("dense_weight", "dense_bias", inputs)
        hidden, pull = torch.func.vjp(ACTIVATIONS[self.shape.activation], before)[:2]
        logits = self.weights["out_weight"] @ hidden
        if "out_bias" in self.weights:
            logits += self.weights["out_bias"].unsqueeze(-1)
        return _Pass(logits, _Dense(hidden, pull))

    def _products(self, weight: str, bias: str, inputs: Mapping[int, Tensor]) -> Float[Tensor, "heads out rows"]:
        """Return ``W x + b`` of every head, by one product per seed."""
        stacked = self.weights[weight]
        parts = [
            (stacked[heads].flatten(0, 1) @ inputs[seed].T).unflatten(0, (-1, stacked.shape[1]))
            for (_, seed), heads in self._seeds
        ]
        result = parts[0] if len(parts) == 1 else torch.cat(parts)
        return result + self.weights[bias].unsqueeze(-1) if bias in self.weights else result

    def _backward(self, forward: _Pass, slope: Tensor, inputs: Mapping[int, Tensor]) -> Weights:
        """Return the gradients of all weights from those of the logits."""
        gradients = {}
        if forward.dense is None:
            gradients["out_weight"], below = self._outer(slope, inputs), slope
        else:
            gradients["out_weight"] = slope @ forward.dense.hidden.transpose(1, 2)
            arriving = self.weights["out_weight"].transpose(1, 2) @ slope
            (below,) = forward.dense.pull(arriving)
            gradients["dense_weight"], gradients["dense_bias"] = self._outer(below, inputs), below.sum(dim=-1)
        if "out_bias" in self.weights:
            gradients["out_bias"] = slope.sum(dim=-1)
        return gradients

    def _outer(self, slope: Float[Tensor, "heads out rows"], inputs: Mapping[int, Tensor]) -> Tensor:
        parts = [
            (slope[heads].flatten(0, 1) @ inputs[seed]).unflatten(0, (-1, slope.shape[1]))
            for (_, seed), heads in self._seeds
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _adam(self, gradients: Weights, share: float) -> None:
        """Take one step of Adam as torch.optim.Adam does, with L2-SP's part of the gradient and a rate per head."""
        self._steps += 1
        first, second = (1 - beta**self._steps for beta in BETAS)
        rates = self._rate * (share / first)
        for name, gradient in gradients.items():
            heads = max(1, PART // gradient[0].numel())
            tensors = (gradient, self.weights[name], self._moments[0][name], self._moments[1][name])
            column = (-1, *[1] * (gradient.dim() - 1))
            pulls = (2 * self._beta).view(column)
            for part in range(0, len(gradient), heads):
                chosen = slice(part, part + heads)
                g, weight, mean, square = (tensor[chosen] for tensor in tensors)
                g.addcmul_(weight - self.start[name], pulls[chosen])
                mean.lerp_(g, 1 - BETAS[0])
                square.mul_(BETAS[1]).addcmul_(g, g, value=1 - BETAS[1])
                root = square.div(second).sqrt_().add_(EPSILON)
                weight.sub_(torch.div(mean, root, out=root).mul_(rates[chosen].view(column)))


def _runs(keys: Sequence[Key]) -> list[tuple[Key, slice]]:
    """Return each run of equal keys with the places it takes."""
    found: list[tuple[Key, slice]] = []
    start = 0
    for key, run in groupby(keys):
        end = start + len(list(run))
        found.append((key, slice(start, end)))
        start = end
    return found
