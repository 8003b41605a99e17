"""Rows scored some at a time, so that nothing in memory is as long as a file of features may be."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

ROWS_AT_ONCE = 1024
"""Enough that products of matrices run at full speed; 768 dimensions in double precision are then 6 MB."""


def in_parts(score: Callable[[Tensor], Tensor], features: Float[Tensor, "rows hidden"]) -> Float[Tensor, "rows *any"]:
    """Return the scores of all rows, computed for ROWS_AT_ONCE at a time from a copy in float64.

    >>> in_parts(lambda x: x.sum(dim=-1), torch.ones(3, 2))
    tensor([2., 2., 2.], dtype=torch.float64)
    """
    return torch.cat([score(part.double()) for part in features.split(ROWS_AT_ONCE)])
