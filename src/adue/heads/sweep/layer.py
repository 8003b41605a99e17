"""One linear layer of every head of a stack: products that serve all heads, and Adam with a rate per head.

Weights and bias stand side by side as columns of one tensor. All heads begin at the same :class:`_Start`. What a head
learns is its `offset` from there, so that L2-SP is a plain decay; it is counted in units of the head's learning rate,
so that all heads take the same step. The products read `current`, which is start plus rate times offset.

Everything that a step reads or writes stands in one :class:`_Heads`, made by :meth:`_Heads.arrange`: when the layer is
built, and again when heads are dropped. A step is short, so nothing is made in it that can be made there.
"""

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
"""Numbers that Adam updates in one go: this many stay in the processor's cache over its eight passes."""

ALIGNED = 16
"""Columns are filled up with zeros to a multiple of this: otherwise matrix products write half as fast."""


class Learning(NamedTuple):
    """How the heads of a stack learn."""

    rates: Float[Tensor, " heads"]
    """Learning rates."""
    decay: Float[Tensor, " heads"]
    """The gradient of L2-SP by the distance from the start, per unit of it: twice its weight in the loss."""
    runs: Sequence[slice]
    """The runs of neighbouring heads that see the same rows."""


class _Start(NamedTuple):
    """Where all heads begin, and how columns are read; it never changes."""

    columns: Float[Tensor, "outputs columns"]
    """Weights, then the bias (zero for a layer without one), then zeros up to a multiple of ALIGNED."""
    learned: Float[Tensor, "learned_outputs columns"]
    """What offsets are added to: `columns`, or as a gap the second row minus the first."""
    inputs: int
    biased: bool
    as_gap: bool

    @classmethod
    def of(cls, weight: Float[Tensor, "outputs inputs"], bias: Tensor | None, *, as_gap: bool) -> "_Start":
        last = weight.new_zeros(len(weight)) if bias is None else bias
        columns = torch.cat([weight, last.unsqueeze(-1)], dim=-1)
        columns = pad(columns, (0, -columns.shape[-1] % ALIGNED))
        learned = columns.diff(dim=0) if as_gap else columns
        return cls(columns, learned, weight.shape[-1], bias is not None, as_gap)


class _State(NamedTuple):
    """The numbers that change from step to step, all of shape (heads, learned_outputs, columns)."""

    offset: Tensor
    """How far each head is from the start, in units of its learning rate."""
    mean: Tensor
    """Adam's running mean of the gradient."""
    square: Tensor
    """Adam's running mean of the squared gradient."""
    gradient: Tensor
    current: Tensor
    """What the products read: start plus rate times offset."""

    @classmethod
    def at(cls, start: _Start, heads: int) -> "_State":
        offset, mean, square, gradient = start.learned.new_zeros(4, heads, *start.learned.shape)
        return cls(offset, mean, square, gradient, start.learned.expand_as(offset).clone())


class _Run(NamedTuple):
    """Views of neighbouring heads that see the same rows, one row per output of each of them."""

    weight: Float[Tensor, "all_outputs inputs"]
    bias: Float[Tensor, "all_outputs 1"]
    weight_gradient: Float[Tensor, "all_outputs inputs"]


class _Part(NamedTuple):
    """Views of what Adam reads and writes in one go."""

    state: _State
    decay: Float[Tensor, "heads 1 1"]
    """Per unit of offset."""
    scale: Float[Tensor, "heads 1 1"]
    """What one unit of offset moves `current` by."""


class _Heads(NamedTuple):
    """The state of all heads, and every view of it that a step uses."""

    state: _State
    rates: Float[Tensor, "heads 1 1"]
    weight: Float[Tensor, "heads outputs inputs"]
    bias: Float[Tensor, "heads outputs 1"]
    weight_gradient: Float[Tensor, "heads outputs inputs"]
    bias_gradient: Float[Tensor, "heads outputs"]
    runs: list[_Run]
    parts: list[_Part]

    @classmethod
    def arrange(cls, state: _State, start: _Start, learning: Learning) -> "_Heads":
        rates = learning.rates.view(-1, 1, 1)
        weight, bias = state.current[..., : start.inputs], state.current[..., start.inputs, None]
        weight_gradient, bias_gradient = state.gradient[..., : start.inputs], state.gradient[..., start.inputs]
        views = (weight, bias, weight_gradient)
        runs = [_Run(*(view[heads].flatten(0, 1) for view in views)) for heads in learning.runs]
        at_once = max(1, PART // state.offset[0].numel())
        # Both rows of a gap move by the offset, against each other.
        columns = (learning.decay.view(-1, 1, 1) * rates, 2 * rates if start.as_gap else rates)
        split = zip(*(tensor.split(at_once) for tensor in (*state, *columns)), strict=True)
        parts = [_Part(_State(*tensors), decay, scale) for *tensors, decay, scale in split]
        return cls(state, rates, weight, bias, weight_gradient, bias_gradient, runs, parts)


class StackedLayer:
    """A linear layer that every head moves away from the same start.

    Parameters
    ----------
    weight, bias
        Where all heads start, of shapes (outputs, inputs) and (outputs,).
    learning
        How each head learns; its length is the number of heads.
    as_gap
        Give the second of two outputs minus the first in place of both. A loss that only reads this gap moves the two
        rows against each other, step for step, so that one offset stands for both.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, learning: Learning, *, as_gap: bool = False) -> None:
        self._start = _Start.of(weight, bias, as_gap=as_gap)
        self._heads = _Heads.arrange(_State.at(self._start, len(learning.rates)), self._start, learning)
        self._steps = 0

    def keep(self, places: Tensor, learning: Learning) -> None:
        """Drop the heads that are not at these places; `learning` is that of those that stay."""
        kept = _State(*(tensor[places] for tensor in self._heads.state))
        self._heads = _Heads.arrange(kept, self._start, learning)

    @property
    def multiplications(self) -> int:
        """Number of multiplications in a product of all heads, per row."""
        return int(self._heads.state.offset.numel())

    def parameters(self, places: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return weight and bias of the heads at these places, with a first dimension of heads."""
        start, offset = self._start, self._heads.state.offset[places] * self._heads.rates[places]
        columns = start.columns + (torch.cat([-offset, offset], dim=1) if start.as_gap else offset)
        return columns[..., : start.inputs], columns[..., start.inputs] if start.biased else None

    def outputs(self, inputs: Shared | PerHead) -> Float[Tensor, "heads outputs rows"]:
        """Return the layer's outputs for `inputs`, by one product for all heads that share rows."""
        heads = self._heads
        if isinstance(inputs, Tensor):
            return torch.baddbmm(heads.bias, heads.weight, inputs)
        products = [torch.addmm(run.bias, run.weight, rows.T) for run, rows in zip(heads.runs, inputs, strict=True)]
        return _join(products).view(*heads.weight.shape[:2], -1)

    def backward(self, output_gradient: Float[Tensor, "heads outputs rows"], inputs: Shared | PerHead) -> None:
        """Store the gradient of weight and bias: its mean over the rows."""
        heads, share = self._heads, 1 / output_gradient.shape[-1]
        if isinstance(inputs, Tensor):
            target = heads.weight_gradient
            torch.baddbmm(target, output_gradient, inputs.transpose(1, 2), beta=0, alpha=share, out=target)
        else:
            by_run = output_gradient.flatten(0, 1).split_with_sizes([len(run.weight) for run in heads.runs])
            for run, gradient, rows in zip(heads.runs, by_run, inputs, strict=True):
                torch.addmm(run.weight_gradient, gradient, rows, beta=0, alpha=share, out=run.weight_gradient)
        if self._start.biased:
            torch.mean(output_gradient, dim=-1, out=heads.bias_gradient)

    def input_gradient(self, output_gradient: Float[Tensor, "heads outputs rows"]) -> PerHead:
        """Return the gradient of the inputs from that of the outputs."""
        return self._heads.weight.transpose(1, 2) @ output_gradient

    def step(self, share: float) -> None:
        """Move by one step of Adam as torch.optim.Adam takes it, at `share` of each head's learning rate.

        The gradient is the stored one plus decay times the offset.
        """
        self._steps += 1
        first, second = (1 - beta**self._steps for beta in BETAS)
        for (offset, mean, square, gradient, current), decay, scale in self._heads.parts:
            gradient.addcmul_(offset, decay)
            mean.lerp_(gradient, 1 - BETAS[0])
            square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            root = square.sqrt().add_(EPSILON * second**0.5)
            offset.addcdiv_(mean, root, value=-share * second**0.5 / first)
            torch.addcmul(self._start.learned, offset, scale, out=current)


def _join(parts: Sequence[Tensor]) -> Tensor:
    """Return `parts` one after the other; a single one as it is, not copied."""
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))
