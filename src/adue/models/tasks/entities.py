"""Entities in a sequence of BIO tags, and how uncertain an entity is, given its words."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from jaxtyping import Float
from numpy import ndarray

Aggregate = Literal["max", "mean", "product"]

AGGREGATES: dict[Aggregate, Callable[[ndarray], float]] = {
    "max": lambda u: float(u.max()),
    "mean": lambda u: float(u.mean()),
    "product": lambda u: 1 - math.prod(1 - u.astype(float)),
}
"""From U of an entity's words to U of the entity, all in [0, 1].

``product`` is the chance that at least one word is wrong, if U were that chance per word and words were independent.
"""


@dataclass(frozen=True, order=True)
class Span:
    """One entity: the words ``start`` to ``end`` (exclusive) and its type."""

    start: int
    end: int
    label: str


def bio_spans(tags: Sequence[str]) -> list[Span]:
    """Return the entities of one sentence in their order.

    An ``I-`` that continues no entity of its type opens one, as the CoNLL scorer reads it. Tags that are neither
    ``B-...`` nor ``I-...`` belong to no entity.

    >>> bio_spans(["O", "B-person", "I-person", "I-place"])
    [Span(start=1, end=3, label='person'), Span(start=3, end=4, label='place')]
    """
    opened = [index for index, tag in enumerate(tags) if _opens(tags[index - 1] if index else "O", tag)]
    spans = []
    for start, limit in pairwise([*opened, len(tags)]):
        label = tags[start][2:]
        end = next((index for index in range(start + 1, limit) if tags[index] != f"I-{label}"), limit)
        spans.append(Span(start, end, label))
    return spans


def _opens(before: str, tag: str) -> bool:
    if tag.startswith("I-"):
        return before not in {tag, f"B-{tag[2:]}"}
    return tag.startswith("B-")


def span_uncertainty(u: Float[ndarray, " words"], span: Span, aggregate: Aggregate = "max") -> float:
    """Return U of an entity in [0, 1] from U of the words of its sentence.

    >>> import numpy as np
    >>> span_uncertainty(np.array([0.9, 0.1, 0.3]), Span(1, 3, "person"))
    0.3
    """
    return AGGREGATES[aggregate](u[span.start : span.end])
