"""Which rows a step sees: drawn so that errors and right rows weigh the same."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from adue.foundation.strata import stratified
from adue.foundation.types import FeatureSet


def balanced_rows(errors: Bool[Tensor, " rows"], generator: torch.Generator) -> Int[Tensor, " rows"]:
    """Return the row numbers of an epoch, drawn with replacement so that errors and right rows weigh the same."""
    share_of_errors = errors.double().mean()
    weights = torch.where(errors, 1 / share_of_errors, 1 / (1 - share_of_errors))
    return torch.multinomial(weights, len(errors), replacement=True, generator=generator)


def fewer_right_rows(rows: FeatureSet, per_error: float, seed: int) -> FeatureSet:
    """Return all errors of `rows` and `per_error` right rows for each, the predicted classes in proportion.

    An epoch draws as many rows as the set has, so a smaller set makes it shorter.
    """
    right = (~rows.errors).nonzero().squeeze(-1).numpy()
    wanted = max(1, round(per_error * int(rows.errors.sum())))
    if wanted >= len(right):
        return rows
    drawn = right[stratified(rows.predictions.numpy()[right], wanted, seed)]
    return rows.select(torch.cat([rows.errors.nonzero().squeeze(-1), torch.from_numpy(drawn)]).sort().values)
