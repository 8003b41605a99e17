"""Dropout on a processor, drawn sixteen bits an element.

torch draws one element after the other, on one core, from a generator that gives 32 bits at a time; in a small
encoder this takes a sixth of a training step. Here four elements share one draw of 64 bits.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

LEVELS = 1 << 16


class QuickDropout(nn.Dropout):
    """``torch.nn.Dropout`` that draws as `quick_dropout` does."""

    def forward(self, values: Tensor) -> Tensor:
        """Return `values` with dropout in training mode, as they are otherwise."""
        return quick_dropout(values, self.p) if self.training else values


def quick_dropout(values: Tensor, probability: float) -> Tensor:
    """Return `values`, each set to 0 with this probability, rounded to a multiple of 2^-16, and scaled otherwise.

    The draws come from torch's global generator, but are others than those of ``torch.nn.functional.dropout``.
    """
    dropped = round(probability * LEVELS)
    if dropped == 0:
        return values
    draws = torch.empty(-(-values.numel() // 4), dtype=torch.int64).random_(-(1 << 63), None)
    lanes = draws.view(torch.int16)[: values.numel()].view(values.shape)
    if dropped == LEVELS:
        return values * 0
    kept = (lanes >= dropped - LEVELS // 2).to(values.dtype)
    return values * kept.mul_(LEVELS / (LEVELS - dropped))


@contextmanager
def quick_dropouts(model: nn.Module) -> Iterator[None]:
    """Let every dropout layer of `model` draw quickly inside the block, where the model lies on a processor."""
    replaced: list[tuple[nn.Module, str, nn.Dropout]] = []
    if next(model.parameters()).device.type == "cpu":
        replaced = [
            (parent, name, child)
            for parent in model.modules()
            for name, child in parent.named_children()
            if type(child) is nn.Dropout and child.p > 0
        ]
    for parent, name, child in replaced:
        setattr(parent, name, QuickDropout(child.p).train(child.training))
    try:
        yield
    finally:
        for parent, name, child in replaced:
            child.train(parent.training)
            setattr(parent, name, child)
