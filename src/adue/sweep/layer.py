"""One linear layer of every head of a stack: products that serve all heads, and Adam with a rate per head."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

Shared = Sequence[tuple[slice, Float[Tensor, "rows inputs"]]]
"""Rows that neighbouring heads see together, and which heads these are."""
PerHead = Float[Tensor, "heads inputs rows"]

BETAS = (0.9, 0.999)
EPSILON = 1e-8
"""Adam's, as torch has them."""

PART = 2**20
"""Numbers that Adam updates in one go: so many stay in the processor's cache over its nine passes."""

ALIGNED = 16
"""Rows are filled up with zeros to a multiple of so many numbers: matrix products write into them half as fast else."""


class StackedLayer:
    """A linear layer that every head moves away from the same start.

    What learns is the offset from the start, weights and bias side by side: L2-SP is then a plain decay, and one Adam
    serves both.

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
        columns = weight if bias is None else torch.cat([weight, bias.unsqueeze(-1)], dim=-1)
        self._start = pad(columns, (0, -columns.shape[-1] % ALIGNED))
        self._from = self._start.diff(dim=0) if as_gap else self._start
        self._offset, self._mean, self._square, self._gradient = self._start.new_zeros(4, heads, *self._from.shape)
        self._now = self._from.expand_as(self._offset).clone()
        self._steps = 0

    @property
    def multiplications(self) -> int:
        """How many a product of all heads takes per row."""
        return int(self._offset.numel())

    def keep(self, places: Tensor) -> None:
        """Drop the heads that are not named."""
        tensors = (self._offset, self._mean, self._square, self._gradient, self._now)
        self._offset, self._mean, self._square, self._gradient, self._now = (tensor[places] for tensor in tensors)

    def parameters(self, places: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return weight and bias of the heads named, with a first dimension of heads."""
        offset = self._offset[places]
        moved = self._start + (torch.cat([-offset, offset], dim=1) if self._as_gap else offset)
        return moved[..., : self._inputs], moved[..., self._inputs] if self._biased else None

    def outputs(self, inputs: Shared | PerHead) -> Float[Tensor, "heads outputs rows"]:
        """Return what the layer makes of `inputs`: by one product for all heads that share rows."""
        weight = self._now[..., : self._inputs]
        if isinstance(inputs, Tensor):
            result = weight @ inputs
        else:
            products = [weight[heads].flatten(0, 1) @ rows.T for heads, rows in inputs]
            result = joined([product.unflatten(0, (-1, weight.shape[1])) for product in products])
        return result.add_(self._now[..., self._inputs, None]) if self._biased else result

    def backward(self, slope: Float[Tensor, "heads outputs rows"], inputs: Shared | PerHead) -> None:
        """Take down the gradient of weight and bias, from that of the outputs."""
        target = self._gradient[..., : self._inputs]
        if isinstance(inputs, Tensor):
            target.copy_(slope @ inputs.transpose(1, 2))
        else:
            for heads, rows in inputs:
                torch.mm(slope[heads].flatten(0, 1), rows, out=target[heads].flatten(0, 1))
        if self._biased:
            torch.sum(slope, dim=-1, out=self._gradient[..., self._inputs])

    def arriving(self, slope: Float[Tensor, "heads outputs rows"]) -> PerHead:
        """Return the gradient of the inputs from that of the outputs."""
        return self._now[..., : self._inputs].transpose(1, 2) @ slope

    def step(self, rates: Float[Tensor, " heads"], decay: Float[Tensor, " heads"]) -> None:
        """Move by one step of Adam as torch.optim.Adam takes it, down the gradient plus `decay` times the offset."""
        self._steps += 1
        first, second = (1 - beta**self._steps for beta in BETAS)
        moves = (rates * (-(second**0.5) / first)).view(-1, 1, 1)
        decay = decay.view(-1, 1, 1)
        heads = max(1, PART // self._offset[0].numel())
        for part in range(0, len(self._offset), heads):
            chosen = slice(part, part + heads)
            tensors = (self._offset, self._mean, self._square, self._gradient, self._now)
            offset, mean, square, gradient, now = (tensor[chosen] for tensor in tensors)
            gradient.addcmul_(offset, decay[chosen])
            mean.lerp_(gradient, 1 - BETAS[0])
            square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            root = square.sqrt().add_(EPSILON * second**0.5)
            offset.addcmul_(torch.div(mean, root, out=root), moves[chosen])
            torch.add(self._from, offset, alpha=2 if self._as_gap else 1, out=now)


def joined(parts: Sequence[Tensor]) -> Tensor:
    """Return `parts` one after the other; a single one as it is, not copied."""
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))
