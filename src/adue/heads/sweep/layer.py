"""One linear layer of every head of a stack: products that serve all heads, and Adam with a rate per head."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

Shared = Sequence[Float[Tensor, "rows inputs"]]
"""The rows that each run of neighbouring heads sees."""
PerHead = Float[Tensor, "heads inputs rows"]

BETAS = (0.9, 0.999)
EPSILON = 1e-8
"""Adam's, as torch has them."""

PART = 2**20
"""Numbers that Adam updates in one go: so many stay in the processor's cache over its eight passes."""

ALIGNED = 16
"""Rows are filled up with zeros to a multiple of so many numbers: matrix products write into them half as fast else."""


class _Run(NamedTuple):
    """The weights, biases and gradients of neighbouring heads, one row per output of each of them."""

    weight: Float[Tensor, "all_outputs inputs"]
    bias: Float[Tensor, "all_outputs 1"]
    gradient: Float[Tensor, "all_outputs inputs"]


class _Part(NamedTuple):
    """What Adam reads and writes in one go."""

    moved: Tensor
    mean: Tensor
    square: Tensor
    gradient: Tensor
    now: Tensor
    decay: Float[Tensor, "heads 1 1"]
    scale: Float[Tensor, "heads 1 1"]


class StackedLayer:
    """A linear layer that every head moves away from the same start.

    What learns is the offset from the start, weights and bias side by side: L2-SP is then a plain decay, and one Adam
    serves both. It is counted in units of the head's learning rate, so that all heads take the same step. A step is
    short: what can be made once is made by :meth:`arrange`.

    Parameters
    ----------
    weight, bias
        Where all heads start, of shapes (outputs, inputs) and (outputs,).
    heads
        How many there are.
    as_gap
        Give the second of two outputs minus the first in place of both. A loss that only reads this gap moves the two
        rows against each other, step for step, so that one offset stands for both.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, heads: int, *, as_gap: bool = False) -> None:
        self._inputs, self._as_gap, self._biased = weight.shape[-1], as_gap, bias is not None
        # A layer without a bias has one of zero that never moves.
        columns = torch.cat([weight, (weight.new_zeros(len(weight)) if bias is None else bias).unsqueeze(-1)], dim=-1)
        self._start = pad(columns, (0, -columns.shape[-1] % ALIGNED))
        self._from = self._start.diff(dim=0) if as_gap else self._start
        self._moved, self._mean, self._square, self._gradient = self._start.new_zeros(4, heads, *self._from.shape)
        self._now = self._from.expand_as(self._moved).clone()
        self._steps = 0

    @property
    def multiplications(self) -> int:
        """How many a product of all heads takes per row."""
        return int(self._moved.numel())

    def keep(self, places: Tensor) -> None:
        """Drop the heads that are not named; the others have to be arranged anew."""
        tensors = (self._moved, self._mean, self._square, self._gradient, self._now)
        self._moved, self._mean, self._square, self._gradient, self._now = (tensor[places] for tensor in tensors)

    def arrange(self, rates: Float[Tensor, " heads"], decay: Float[Tensor, " heads"], runs: Sequence[slice]) -> None:
        """Take down each head's learning rate and decay, and the `runs` of heads that see the same rows."""
        self._weight, self._bias = self._now[..., : self._inputs], self._now[..., self._inputs, None]
        self._weight_gradient, self._bias_gradient = (
            self._gradient[..., : self._inputs],
            self._gradient[..., self._inputs],
        )
        self._runs = [
            _Run(*(tensor[heads].flatten(0, 1) for tensor in (self._weight, self._bias, self._weight_gradient)))
            for heads in runs
        ]
        self._rates = rates.view(-1, 1, 1)
        tensors = (self._moved, self._mean, self._square, self._gradient, self._now)
        columns = (decay.view(-1, 1, 1) * self._rates, 2 * self._rates if self._as_gap else self._rates)
        heads = max(1, PART // self._moved[0].numel())
        self._parts = [
            _Part(*parts) for parts in zip(*(tensor.split(heads) for tensor in (*tensors, *columns)), strict=True)
        ]

    def parameters(self, places: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return weight and bias of the heads named, with a first dimension of heads."""
        offset = self._moved[places] * self._rates[places]
        moved = self._start + (torch.cat([-offset, offset], dim=1) if self._as_gap else offset)
        return moved[..., : self._inputs], moved[..., self._inputs] if self._biased else None

    def outputs(self, inputs: Shared | PerHead) -> Float[Tensor, "heads outputs rows"]:
        """Return what the layer makes of `inputs`: by one product for all heads that share rows."""
        if isinstance(inputs, Tensor):
            return torch.baddbmm(self._bias, self._weight, inputs)
        products = [torch.addmm(run.bias, run.weight, rows.T) for run, rows in zip(self._runs, inputs, strict=True)]
        return joined(products).view(*self._weight.shape[:2], -1)

    def backward(self, slope: Float[Tensor, "heads outputs rows"], inputs: Shared | PerHead) -> None:
        """Take down the gradient of weight and bias: the mean over rows of what `slope`, that of the outputs, makes."""
        share = 1 / slope.shape[-1]
        if isinstance(inputs, Tensor):
            target = self._weight_gradient
            torch.baddbmm(target, slope, inputs.transpose(1, 2), beta=0, alpha=share, out=target)
        else:
            slopes = slope.flatten(0, 1).split_with_sizes([len(run.weight) for run in self._runs])
            for run, part, rows in zip(self._runs, slopes, inputs, strict=True):
                torch.addmm(run.gradient, part, rows, beta=0, alpha=share, out=run.gradient)
        if self._biased:
            torch.mean(slope, dim=-1, out=self._bias_gradient)

    def arriving(self, slope: Float[Tensor, "heads outputs rows"]) -> PerHead:
        """Return the gradient of the inputs from that of the outputs."""
        return self._weight.transpose(1, 2) @ slope

    def step(self, share: float) -> None:
        """Move by one step of Adam as torch.optim.Adam takes it, at `share` of each head's learning rate.

        Down the gradient plus decay times the offset.
        """
        self._steps += 1
        first, second = (1 - beta**self._steps for beta in BETAS)
        for part in self._parts:
            part.gradient.addcmul_(part.moved, part.decay)
            part.mean.lerp_(part.gradient, 1 - BETAS[0])
            part.square.mul_(BETAS[1]).addcmul_(part.gradient, part.gradient, value=1 - BETAS[1])
            root = part.square.sqrt().add_(EPSILON * second**0.5)
            part.moved.addcdiv_(part.mean, root, value=-share * second**0.5 / first)
            torch.addcmul(self._from, part.moved, part.scale, out=part.now)


def joined(parts: Sequence[Tensor]) -> Tensor:
    """Return `parts` one after the other; a single one as it is, not copied."""
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))
