"""From the table of all heads to means over seeds with their intervals."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from jaxtyping import Float
from numpy import ndarray
from scipy.stats import t as student

from adue.foundation.config import HyperParameters

Where: TypeAlias = Literal["validation", "test"]

CONFIDENCE = 0.95
DEAD = 1e-3
"""An AUROC this near to a half is that of a head that says the same of every row."""


@dataclass(frozen=True)
class Mean:
    """A mean over seeds, its 95 % t interval and its standard error; NaN and zero for a single seed."""

    value: float
    low: float
    high: float
    standard_error: float

    @classmethod
    def of(cls, values: Float[ndarray, " seeds"]) -> "Mean":
        """Return the mean of one value per seed."""
        mean = float(np.mean(values))
        if len(values) == 1:
            return cls(mean, float("nan"), float("nan"), 0.0)
        error = float(np.std(values, ddof=1) / np.sqrt(len(values)))
        half = float(student.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * error
        return cls(mean, mean - half, mean + half, error)


@dataclass(frozen=True)
class Outcome:
    """AUROC of the head, gain over the softmax response (SR) on the same rows, and the SR's own mean AUROC."""

    auroc: Mean
    gain: Mean
    softmax_response: float


@dataclass(frozen=True)
class CurvePoint:
    """The head chosen at one value of an experiment."""

    value: float
    validation: Outcome
    test: Outcome

    @property
    def dead(self) -> bool:
        """Whether the head says the same of every test row."""
        return abs(self.test.auroc.value - 0.5) < DEAD

    @property
    def optimism(self) -> float:
        """By how much the gain on the rows it was chosen on exceeds the one on test rows."""
        return self.validation.gain.value - self.test.gain.value


@dataclass(frozen=True)
class GridPoint:
    """What the heads of one grid point gain over softmax response."""

    validation_gain: Mean
    test_gain: Mean

    def gain(self, where: Where) -> float:
        """Return the mean gain on validation or test rows."""
        return (self.validation_gain if where == "validation" else self.test_gain).value


def curve(table: pd.DataFrame, experiment: str) -> list[CurvePoint]:
    """Return one point per value of an experiment, smallest value first; none where it was not run."""
    chosen = chosen_heads(table, experiment)
    points = []
    for value in sorted(set(chosen["value"].tolist())):
        lines = chosen[chosen["value"] == value]
        points.append(CurvePoint(value, _outcome(lines, "validation"), _outcome(lines, "test")))
    return points


def grid_means(table: pd.DataFrame) -> dict[HyperParameters, GridPoint]:
    """Return the gains of every grid point, in the order of learning rate, alpha, beta."""
    heads = table[table["experiment"] == "grid"]
    columns = heads[["learning_rate", "alpha", "beta"]].to_numpy()
    points, groups = np.unique(columns, axis=0, return_inverse=True)
    return {
        HyperParameters(learning_rate=rate, alpha=alpha, beta=beta): GridPoint(
            *(Mean.of(_gains(heads[groups == group], where)) for where in ("validation", "test"))
        )
        for group, (rate, alpha, beta) in enumerate(points)
    }


def paired_differences(table: pd.DataFrame, experiment: str, reference: float) -> dict[float, Mean]:
    """Return the chosen head's validation AUROC at each other value minus that at `reference` with the same seed."""
    chosen = chosen_heads(table, experiment).sort_values("seed")
    by_value = {
        value: chosen.loc[chosen["value"] == value, "validation_auroc"].to_numpy()
        for value in sorted(set(chosen["value"].tolist()))
    }
    return {value: Mean.of(those - by_value[reference]) for value, those in by_value.items() if value != reference}


def chosen_heads(table: pd.DataFrame, experiment: str) -> pd.DataFrame:
    """Return the line of each trial's best head on validation."""
    return table[(table["experiment"] == experiment) & table["chosen"]]


def noise_of_rows(heads: pd.DataFrame, where: Where) -> float:
    """Return how far other rows might move a gain: half of the paired 95 % bootstrap interval, mean over `heads`."""
    return float((heads[f"{where}_gain_high"] - heads[f"{where}_gain_low"]).mean() / 2)


def _outcome(lines: pd.DataFrame, where: Where) -> Outcome:
    reference = float(lines[f"{where}_softmax_response"].mean())
    return Outcome(Mean.of(lines[f"{where}_auroc"].to_numpy()), Mean.of(_gains(lines, where)), reference)


def _gains(lines: pd.DataFrame, where: Where) -> Float[ndarray, " seeds"]:
    return np.asarray(lines[f"{where}_auroc"] - lines[f"{where}_softmax_response"])
