"""Which rows a step sees: drawn so that errors and right rows weigh the same."""

from collections.abc import Iterator

import torch
from jaxtyping import Bool
from torch import Tensor

from adue.strata import stratified
from adue.types import FeatureSet


def balanced_batches(errors: Bool[Tensor, " rows"], batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield one epoch of row numbers, drawn with replacement so that errors and correct rows weigh the same."""
    share_of_errors = errors.double().mean()
    weights = torch.where(errors, 1 / share_of_errors, 1 / (1 - share_of_errors))
    yield from torch.multinomial(weights, len(errors), replacement=True, generator=generator).split(batch_size)


def fewer_right_rows(rows: FeatureSet, per_error: float, seed: int) -> FeatureSet:
    """Return all errors of `rows` and so many right rows per error, the predicted classes in proportion.

    An epoch draws as many rows as there are, so it gets shorter by as much.
    """
    right = (~rows.errors).nonzero().squeeze(-1).numpy()
    wanted = max(1, round(per_error * int(rows.errors.sum())))
    if wanted >= len(right):
        return rows
    drawn = right[stratified(rows.predictions.numpy()[right], wanted, seed)]
    return rows.select(torch.cat([rows.errors.nonzero().squeeze(-1), torch.from_numpy(drawn)]).sort().values)
