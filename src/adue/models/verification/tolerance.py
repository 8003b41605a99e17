"""How far answers may lie apart that the same classifier gave twice: one table, and the differences it is about."""

from dataclasses import dataclass
from typing import Self

import torch
from jaxtyping import Float
from torch import Tensor

from adue.foundation.config import Answers, Setup


@dataclass(frozen=True)
class Tolerance:
    """What may lie between two answers.

    Attributes
    ----------
    logits
        As a share of 1 plus the largest logit stored.
    uncertainty
        Between two values of U, both in [0, 1].
    """

    logits: float
    uncertainty: float


TOLERANCES: dict[str, Tolerance] = {
    "int8": Tolerance(0.5, 0.5),
    "bfloat16": Tolerance(8e-2, 8e-2),
    "float16": Tolerance(1e-2, 1e-2),
    "float32": Tolerance(2e-4, 2e-4),
    "float64": Tolerance(2e-4, 2e-4),
}
"""By the type in which the base model computes, the coarsest first; docs/verify.md has the measured differences."""


def tolerance_between(then: Setup, now: Setup) -> Tolerance:
    """Return how far answers may lie apart: what the coarser of the two types allows.

    A type that is not in the table counts as the coarsest floating-point type.
    """
    types = list(TOLERANCES)
    known = [one.dtype if one.dtype in TOLERANCES else "bfloat16" for one in (then, now)]
    return TOLERANCES[min(known, key=types.index)]


@dataclass(frozen=True)
class Difference:
    """How far two answers to the same rows lie apart, in the units of :class:`Tolerance`; infinite where they are NaN.

    Attributes
    ----------
    changed
        Whether the predicted class of a row is another.
    """

    logits: float
    uncertainty: float
    changed: bool

    @classmethod
    def between(
        cls,
        stored: Answers,
        logits: Float[Tensor, "rows classes"],
        uncertainty: Float[Tensor, " rows"],
        *,
        scale: float | None = None,
    ) -> Self:
        """Return how far `logits` and `uncertainty` lie from what is `stored`.

        Parameters
        ----------
        scale
            The largest logit stored, where more than these rows are stored.
        """
        before, u_before = torch.tensor(stored.logits), torch.tensor(stored.uncertainty)
        logits, uncertainty = logits.float().cpu(), uncertainty.float().cpu()
        if logits.shape != before.shape:
            return cls(float("inf"), float("inf"), changed=True)
        share = 1 + (largest(stored) if scale is None else scale)
        return cls(
            _finite(float((logits - before).abs().max()) / share),
            _finite(float((uncertainty - u_before).abs().max())),
            changed=bool((logits.argmax(dim=-1) != before.argmax(dim=-1)).any()),
        )

    def within(self, tolerance: Tolerance) -> bool:
        """Return whether neither logits nor U lie further apart than allowed."""
        return self.logits <= tolerance.logits and self.uncertainty <= tolerance.uncertainty


def largest(*stored: Answers) -> float:
    """Return the largest absolute value among the logits."""
    return max(abs(value) for answers in stored for row in answers.logits for value in row)


def worst(differences: list[Difference]) -> Difference:
    """Return the largest of each value."""
    return Difference(
        max(one.logits for one in differences),
        max(one.uncertainty for one in differences),
        any(one.changed for one in differences),
    )


def _finite(value: float) -> float:
    return value if value == value else float("inf")  # noqa: PLR0124 - NaN is the only value that differs from itself
