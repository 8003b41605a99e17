"""What is varied: four experiments, each a list of trials; a trial trains one stack of heads."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from adue.foundation.config import GRIDS, FitSettings, FrozenConfig, Grid
from adue.foundation.defaults import MIN_OF_EACH
from adue.foundation.types import FeatureSet

Experiment: TypeAlias = Literal["grid", "sharpness", "errors", "validation"]

PULLS = (0.0, 0.01, 0.1, 1.0, 10.0)


class SweepPlan(FrozenConfig):
    """The values to try; those that the data has too few rows for are left out, and all rows are always tried.

    `grid` is trained whole. Along the three curves the heads of `curve_grid` are trained and the best by validation
    AUROC is taken, as ``adue fit`` does. Each trial is repeated with `seeds` seeds, counted from that of `settings`:
    of the drawn batches, and of the rows that are left out.
    """

    grid: Grid = Grid(learning_rate=(1e-5, 1e-4, 4e-4, 1e-3), alpha=PULLS, beta=PULLS)
    curve_grid: Grid = GRIDS["paper"]
    sharpness: tuple[Annotated[float, Field(gt=0)], ...] = (1, 10, 30, 100, 300, 1000)
    errors: tuple[Annotated[int, Field(gt=0)], ...] = (10, 30, 100, 300, 1000, 3000)
    validation_rows: tuple[Annotated[int, Field(gt=1)], ...] = (50, 100, 200, 500, 1000, 2000)
    settings: FitSettings = FitSettings()
    seeds: int = Field(default=5, gt=0)


@dataclass(frozen=True)
class Trial:
    """One stack of heads: the experiment, its value (lambda, errors or rows), and the seed."""

    experiment: Experiment
    value: float
    seed: int

    @property
    def key(self) -> str:
        """A file name."""
        return f"{self.experiment}-{self.value:.12g}-{self.seed}"


def plan_trials(plan: SweepPlan, train: FeatureSet, validation: FeatureSet) -> list[Trial]:
    """Return all trials that these rows allow, one seed after the other, so that early on every curve is there.

    Raises
    ------
    DataError
        When the rows have no labels.
    """
    values: dict[Experiment, list[float]] = {
        "grid": [plan.settings.sharpness],
        "sharpness": _sharpness_values(plan),
        "errors": _up_to(plan.errors, int(train.errors.sum())),
        "validation": _validation_sizes(plan, validation),
    }
    first = plan.settings.seed
    return [
        Trial(experiment, value, seed)
        for seed in range(first, first + plan.seeds)
        for experiment, several in values.items()
        for value in several
    ]


def trial_settings(trial: Trial, plan: SweepPlan) -> FitSettings:
    """Return how the heads of one trial are trained."""
    changed = {"sharpness": trial.value} if trial.experiment == "sharpness" else {}
    return FitSettings.from_dict(plan.settings.to_dict() | changed | {"seed": trial.seed})


def _sharpness_values(plan: SweepPlan) -> list[float]:
    if plan.settings.score == "entropy":
        return []
    smallest = 1 if plan.settings.score == "log_smoothmax" else 0
    return sorted({value for value in (*plan.sharpness, plan.settings.sharpness) if value > smallest})


def _up_to(values: tuple[int, ...], everything: int) -> list[float]:
    return [float(value) for value in sorted({*(value for value in values if value < everything), everything})]


def _validation_sizes(plan: SweepPlan, validation: FeatureSet) -> list[float]:
    rows, wrong = len(validation), int(validation.errors.sum())
    rarer = min(wrong, rows - wrong) / rows if rows else 0.0
    enough = tuple(size for size in plan.validation_rows if size * rarer >= MIN_OF_EACH)
    return _up_to(enough, rows)
