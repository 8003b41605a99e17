"""Which rows go through the model together: rows of like length, so that little of a batch is padding."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

BATCH_SIZE = 128
"""Texts per forward pass at most."""

_BATCH_TOKENS = {"cpu": 1024}
_BATCH_TOKENS_ELSEWHERE = 16384


def batch_tokens_for(device: torch.device) -> int:
    """Return how many tokens, padding included, a forward pass on `device` should read at most.

    A processor works best on what its caches hold, other devices on what keeps all of their units busy.
    """
    return _BATCH_TOKENS.get(device.type, _BATCH_TOKENS_ELSEWHERE)


@dataclass(frozen=True)
class Budget:
    """How much goes through the model at once.

    Attributes
    ----------
    rows
        Texts per batch at most.
    tokens
        Tokens per batch at most, padding included; a text that is longer goes alone. None for any number.
    """

    rows: int
    tokens: int | None = None

    def batches(self, lengths: Sequence[int]) -> list[list[int]]:
        """Return row numbers in batches of like length, longest first, so that little of a batch is padding.

        Examples
        --------
        >>> Budget(rows=3, tokens=8).batches([3, 9, 2, 3, 2])
        [[1], [0, 3], [2, 4]]
        """
        order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
        batches, start = [], 0
        while start < len(order):
            fitting = self.rows if self.tokens is None else self.tokens // max(1, lengths[order[start]])
            end = start + max(1, min(self.rows, fitting))
            batches.append(order[start:end])
            start = end
        return batches
