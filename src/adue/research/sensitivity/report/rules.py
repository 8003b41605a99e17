"""The rules by which defaults follow from a sweep.

Hyperparameters are chosen by validation rows alone. How many errors and validation rows are enough is read from the
test rows: it is a finding, and nothing is chosen by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from adue.foundation.config import HyperParameters
from adue.research.sensitivity.report.seed_means import (
    CurvePoint,
    chosen_heads,
    curve,
    grid_means,
    noise_of_rows,
    paired_differences,
)

RELEVANT = 0.001
"""A tenth of a point of AUROC; smaller differences are not worth another default."""

NORMAL = 1.96
"""Standard errors in half of a 95 % interval."""

VARIED = ("learning_rate", "alpha", "beta")


@dataclass(frozen=True)
class GridChoice:
    """The best grid point on validation, and the one to take.

    Attributes
    ----------
    best
        Highest mean validation gain.
    taken
        Among all whose mean is within one standard error (of rows, by bootstrap, or of seeds) of the best one's, or
        within RELEVANT, the one nearest to the classifier: largest beta, then largest alpha, then smallest rate.
    edges
        Hyperparameters of which `best` has the smallest or largest value that was tried.
    ranges
        By hyperparameter, the difference between its best and its worst value, all others averaged.
    """

    best: HyperParameters
    taken: HyperParameters
    edges: tuple[str, ...]
    ranges: dict[str, float]


def choose_point(table: pd.DataFrame) -> GridChoice:
    """Return what the grid says; grid points of which no head could be trained are left out."""
    gains = {point: one.validation_gain for point, one in grid_means(table).items() if one.validation_gain.value > -1}
    best = max(gains, key=lambda point: gains[point].value)
    error_of_rows = noise_of_rows(chosen_heads(table, "grid"), "validation") / NORMAL
    slack = max(RELEVANT, error_of_rows, gains[best].standard_error)
    close = [point for point, gain in gains.items() if gain.value >= gains[best].value - slack]
    taken = max(close, key=lambda point: (point.beta, point.alpha, -point.learning_rate))
    edges, ranges = [], {}
    for name in VARIED:
        values = sorted({getattr(point, name) for point in gains})
        means = [np.mean([g.value for point, g in gains.items() if getattr(point, name) == value]) for value in values]
        ranges[name] = float(np.ptp(means))
        if len(values) > 1 and getattr(best, name) in {values[0], values[-1]}:
            edges.append(name)
    return GridChoice(best, taken, tuple(edges), ranges)


@dataclass(frozen=True)
class SharpnessChoice:
    """The lambda to take, and those that are worse than the default beyond doubt."""

    default: float
    taken: float
    worse: tuple[float, ...]


def choose_sharpness(table: pd.DataFrame, default: float) -> SharpnessChoice:
    """Return the lambda with the best validation AUROC if it beats `default` beyond doubt, else `default`.

    Beyond doubt: by at least RELEVANT and the noise of the validation rows, with a 95 % interval over seeds, paired,
    that does not hold zero.
    """
    heads = chosen_heads(table, "sharpness")
    noise = {value: noise_of_rows(heads[heads["value"] == value], "validation") for value in set(heads["value"])}
    differences = paired_differences(table, "sharpness", default)
    clear = {
        value: one.value
        for value, one in differences.items()
        if abs(one.value) >= max(RELEVANT, noise[value], noise[default]) and one.low * one.high > 0
    }
    better = {value: difference for value, difference in clear.items() if difference > 0}
    worse = tuple(value for value, difference in clear.items() if difference < 0)
    return SharpnessChoice(default, max(better, key=better.__getitem__, default=default), worse)


def enough_errors(table: pd.DataFrame) -> int | None:
    """Return the fewest training errors from which on the test gain is RELEVANT and its interval above zero."""
    points = curve(table, "errors")
    return _from_which_on(points, [p.test.gain.low > 0 and p.test.gain.value >= RELEVANT for p in points])


def enough_validation_rows(table: pd.DataFrame) -> int | None:
    """Return the fewest validation rows from which on the mean test AUROC is within RELEVANT of that with all."""
    points = curve(table, "validation")
    wanted = points[-1].test.auroc.value - RELEVANT
    return _from_which_on(points, [point.test.auroc.value >= wanted for point in points])


def _from_which_on(points: Sequence[CurvePoint], holds: Sequence[bool]) -> int | None:
    """Return the smallest value at which, and at all larger ones, it holds."""
    smallest = None
    for point, one in zip(reversed(points), reversed(holds), strict=True):
        if not one:
            break
        smallest = int(point.value)
    return smallest
