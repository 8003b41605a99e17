"""Which rows a reader should see: the most uncertain ones, and the confident mistakes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from adue.foundation.texts import Text
from adue.foundation.types import OUT_OF_SCOPE, OUT_OF_SCOPE_NAME
from adue.report.numbers import count, decimal, percent
from adue.report.results import ScoredSet

SHOWN = 8
LONGEST_TEXT = 600
PAIRED = " \N{EM DASH} "
"""Between the two texts of a pair."""


@dataclass(frozen=True)
class Example:
    """One row as a reader sees it; `rank` says how many rows of the set have a lower U."""

    text: str
    label: str
    prediction: str
    correct: bool
    confidence: str
    uncertainty: str
    rank: str


def most_uncertain(scored: ScoredSet, id2label: Mapping[int, str]) -> list[Example]:
    """Return the rows with the highest U, highest first, whether right or wrong; at most SHOWN."""
    order = np.argsort(-scored.uncertainty, kind="stable")
    return _examples(scored, order[:SHOWN], id2label)


def confidently_wrong(scored: ScoredSet, id2label: Mapping[int, str]) -> list[Example]:
    """Return the errors in which the classifier's probability was highest, highest first; at most SHOWN."""
    wrong = np.flatnonzero(scored.errors)
    order = wrong[np.argsort(-scored.confidence[wrong], kind="stable")]
    return _examples(scored, order[:SHOWN], id2label)


def _examples(scored: ScoredSet, rows: Int[ndarray, " chosen"], id2label: Mapping[int, str]) -> list[Example]:
    return [_example(scored, int(row), id2label) for row in rows]


def _example(scored: ScoredSet, row: int, id2label: Mapping[int, str]) -> Example:
    label, prediction = int(scored.labels[row]), int(scored.predictions[row])
    uncertainty = float(scored.uncertainty[row])
    return Example(
        text=_shorten(scored.texts[row]),
        label=OUT_OF_SCOPE_NAME if label == OUT_OF_SCOPE else id2label.get(label, str(label)),
        prediction=id2label.get(prediction, str(prediction)),
        correct=label == prediction,
        confidence=percent(float(scored.confidence[row])),
        uncertainty=decimal(uncertainty),
        rank=f"{int(np.sum(scored.uncertainty < uncertainty)):,} of {count(len(scored.texts), 'row')}",
    )


def _shorten(text: Text) -> str:
    if not isinstance(text, str):
        return PAIRED.join(_cut(part, LONGEST_TEXT // 2) for part in text)
    return _cut(text, LONGEST_TEXT)


def _cut(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[:longest] + "\N{HORIZONTAL ELLIPSIS}"
