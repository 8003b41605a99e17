"""Labelled rows whose true risk is known, for tests of decisions."""

from dataclasses import dataclass

import numpy as np
from numpy import ndarray
from numpy.random import Generator

from adue.decisions.rows import ScoredRows

NAMES = ("complaint", "other", "refund")


def make_rows(
    u: object, wrong: object, *, held: object = None, predictions: object = None, **more: object
) -> ScoredRows:
    """Return rows with these scores, of which these are wrong."""
    scores, errors = np.array(u, dtype=np.float64), np.array(wrong, dtype=bool)
    answers = np.zeros(len(scores), dtype=np.int64) if predictions is None else np.array(predictions, dtype=np.int64)
    labels = np.where(errors, (answers + 1) % len(NAMES), answers)
    free = np.zeros(len(scores), dtype=bool) if held is None else np.array(held, dtype=bool)
    return ScoredRows(scores, answers, labels, NAMES, free, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class World:
    """A population: how scores are drawn, and how often an answer of a score is wrong."""

    name: str
    decimals: int | None = None
    saturated: bool = False
    bad_top: float = 0.0
    """Share of the surest rows that are wrong as often as one in ten."""

    def draw(self, rng: Generator, rows: int) -> tuple[ndarray, ndarray]:
        """Return scores and errors of `rows` rows."""
        # Over-confident: most of the scores lie near 0, and yet 13 to 15 % of the answers are wrong.
        u = rng.beta(0.25, 1.6, rows) if self.saturated else rng.beta(0.8, 1.8, rows)
        p = np.clip(0.02 + 0.75 * u ** (1.2 if self.saturated else 1.9), 0, 1)
        if self.bad_top:
            p = np.where(u < np.quantile(u, self.bad_top), 0.10, p)
        return (u if self.decimals is None else u.round(self.decimals)), rng.random(rows) < p


WORLDS = (
    World("spread"),
    World("saturated", saturated=True),
    World("tied", saturated=True, decimals=1),
    World("bad top", bad_top=0.05),
)
