"""A stack of heads that learn side by side: one product serves all heads that see the same rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from adue.foundation.config import HeadScore
from adue.heads.head import ACTIVATIONS, AdueHead, uncertainty
from adue.heads.sweep.gradients import Logits, LossGradient, activation_gradient, with_both_classes
from adue.heads.sweep.layer import Learning, PerHead, Shared, StackedLayer

Weights = dict[str, Tensor]
"""Parameters by name; with a first dimension of heads where a whole stack is meant."""

Key = TypeVar("Key")


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


class Batch(NamedTuple):
    """The rows that the heads of one seed see in a step."""

    features: Float[Tensor, "rows hidden"]
    errors: Float[Tensor, "1 rows"]
    """1 where the classifier's answer is wrong, else 0."""
    softmax_response: Float[Tensor, "1 rows"]


class _Dense(NamedTuple):
    """The last hidden layer before and after its activation."""

    before: PerHead
    hidden: PerHead


class _Pass(NamedTuple):
    """What a forward pass leaves for the backward pass; `dense` only where there is such a layer."""

    logits: Logits
    dense: _Dense | None = None


class _Plan(NamedTuple):
    """What follows from which heads there are; made anew when some are dropped."""

    losses: list[tuple[LossGradient, slice]]
    """The loss of each run of heads with the same score."""
    seeds: list[int]
    """The seed of each run of heads that see the same rows."""
    seed_places: Tensor
    """For each head, the place of its seed among all seeds in order."""
    learning: Learning

    @classmethod
    def of(cls, members: Sequence[Member], device: torch.device) -> "_Plan":
        def column(name: str) -> Tensor:
            return torch.tensor([getattr(member, name) for member in members], device=device)

        alpha, sharpness = column("alpha"), column("sharpness")
        losses = [
            (LossGradient(alpha=alpha[heads], sharpness=sharpness[heads], score=score), heads)
            for score, heads in _runs([member.score for member in members])
        ]
        same_rows = _runs([(member.score, member.seed) for member in members])
        in_order = sorted({member.seed for member in members})
        return cls(
            losses,
            [seed for (_, seed), _ in same_rows],
            torch.tensor([in_order.index(member.seed) for member in members], device=device),
            Learning(column("learning_rate"), 2 * column("beta"), [heads for _, heads in same_rows]),
        )


class HeadStack:
    """Copies of one head, and the gradients that move each of them.

    Two classes are learned as one logit, the gap between them.

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
        self.device = device
        self.members = sorted(members, key=lambda member: (member.score, member.seed, member.index))
        self._plan = _Plan.of(self.members, device)
        self._activation = start.shape.activation
        weights = {name: weight.detach().to(device, torch.float32) for name, weight in start.state_dict().items()}
        self._layers = {
            layer: StackedLayer(
                weights[f"{layer}_weight"],
                weights.get(f"{layer}_bias"),
                self._plan.learning,
                as_gap=layer == "out" and start.shape.num_labels == 2,  # noqa: PLR2004
            )
            for layer in ("dense", "out")
            if f"{layer}_weight" in weights
        }

    @property
    def multiplications(self) -> int:
        """Number of multiplications in a forward pass, per row."""
        return sum(layer.multiplications for layer in self._layers.values())

    def keep(self, kept: Sequence[bool]) -> None:
        """Drop the heads that are not kept."""
        places = torch.tensor([place for place, stays in enumerate(kept) if stays], device=self.device)
        self.members = [self.members[place] for place in places.tolist()]
        self._plan = _Plan.of(self.members, self.device)
        for layer in self._layers.values():
            layer.keep(places, self._plan.learning)

    def weights(self, places: Tensor) -> Weights:
        """Return the parameters of the heads at these places, by the names that :class:`AdueHead` has for them."""
        found = {name: layer.parameters(places) for name, layer in self._layers.items()}
        weights = {f"{name}_weight": weight for name, (weight, _) in found.items()}
        return weights | {f"{name}_bias": bias for name, (_, bias) in found.items() if bias is not None}

    def uncertainty(self, features: Float[Tensor, "rows hidden"]) -> Float[Tensor, "heads rows"]:
        """Return U of every head for the same rows."""
        logits = with_both_classes(self._forward([features] * len(self._plan.seeds)).logits)
        alike = _runs([(member.score, member.sharpness) for member in self.members])
        return torch.cat([uncertainty(logits[heads], *score, dim=1) for score, heads in alike])

    def step(self, batches: Mapping[int, Batch], share: float) -> None:
        """Move every head down its own gradient, at `share` of its own learning rate.

        Parameters
        ----------
        batches
            The rows to learn from, by seed.
        """
        inputs = [batches[seed].features for seed in self._plan.seeds]
        forward = self._forward(inputs)
        self._backward(forward, self._logit_gradient(forward.logits, batches), inputs)
        for layer in self._layers.values():
            layer.step(share)

    def _logit_gradient(self, logits: Logits, batches: Mapping[int, Batch]) -> Logits:
        losses = self._plan.losses
        if len(batches) == 1 == len(losses):
            (batch,), ((loss, _),) = batches.values(), losses
            return loss(logits, batch.errors, batch.softmax_response)
        # All seeds at once: a call of the loss for each of five takes a step a fifth longer.
        several = [batches[seed] for seed in sorted(batches)]
        errors = torch.cat([batch.errors for batch in several])[self._plan.seed_places]
        anchor = torch.cat([batch.softmax_response for batch in several])[self._plan.seed_places]
        return torch.cat([loss(logits[heads], errors[heads], anchor[heads]) for loss, heads in losses])

    def _forward(self, inputs: Shared) -> _Pass:
        if self._activation is None:
            return _Pass(self._layers["out"].outputs(inputs))
        dense = self._layers["dense"].outputs(inputs)
        hidden = ACTIVATIONS[self._activation](dense)
        return _Pass(self._layers["out"].outputs(hidden), _Dense(dense, hidden))

    def _backward(self, forward: _Pass, logit_gradient: Logits, inputs: Shared) -> None:
        out = self._layers["out"]
        if forward.dense is None or self._activation is None:
            out.backward(logit_gradient, inputs)
        else:
            out.backward(logit_gradient, forward.dense.hidden)
            arriving = activation_gradient(self._activation, out.input_gradient(logit_gradient), *forward.dense)
            self._layers["dense"].backward(arriving, inputs)


def _runs(keys: Sequence[Key]) -> list[tuple[Key, slice]]:
    """Return each run of equal keys with the places it takes."""
    found: list[tuple[Key, slice]] = []
    start = 0
    for key, run in groupby(keys):
        end = start + len(list(run))
        found.append((key, slice(start, end)))
        start = end
    return found
