"""One trial: the rows it may use, its stack of heads, and one line per head."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.utils import resample

from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.heads.sweep import SweepResult, Weights, fit_heads
from adue.metrics import auroc, compare_auroc
from adue.research.sensitivity.sweep_plan import SweepPlan, Trial, trial_settings
from adue.scores.outputs import softmax_response


@dataclass(frozen=True)
class TrialResult:
    """What a trial leaves: a line per head, and the stacked weights of the heads to measure on the test rows."""

    lines: pd.DataFrame
    weights: Weights


def run_trial(
    trial: Trial, plan: SweepPlan, train: FeatureSet, validation: FeatureSet, classifier_head: AdueHead
) -> TrialResult:
    """Train the heads of one trial; the grid keeps all of them, a curve only the one that is best on validation.

    Raises
    ------
    DataError
        As :func:`adue.heads.sweep.fit_heads`.
    """
    started = time.perf_counter()
    train, validation = fewer_errors(trial, train), fewer_rows(trial, validation)
    grid = plan.grid if trial.experiment == "grid" else plan.curve_grid
    settings = trial_settings(trial, plan)
    sweep = fit_heads(train, validation, classifier_head, grid.points, settings)
    kept = list(range(len(sweep.points))) if trial.experiment == "grid" else [sweep.best]
    counts = {
        "sharpness": settings.sharpness,
        "train_rows": len(train),
        "train_errors": int(train.errors.sum()),
        "validation_rows": len(validation),
        "validation_errors": int(validation.errors.sum()),
        "validation_softmax_response": _auroc(softmax_response(validation.logits.double()), validation),
        "trial_seconds": round(time.perf_counter() - started, 3),
    }
    lines = _lines(trial, sweep, counts)
    bounds = interval_of_gain(sweep.head(sweep.best), validation)
    lines.loc[sweep.best, ["validation_gain_low", "validation_gain_high"]] = bounds
    return TrialResult(lines, {name: stacked[kept] for name, stacked in sweep.weights.items()})


def fewer_errors(trial: Trial, train: FeatureSet) -> FeatureSet:
    """Return all right training rows and the number of errors that the trial asks for, classes in proportion."""
    if trial.experiment != "errors" or train.labels is None:
        return train
    wrong = train.errors.numpy().nonzero()[0]
    drawn = _draw(wrong, train.labels.numpy()[wrong], int(trial.value), trial.seed)
    kept = ~train.errors
    kept[torch.from_numpy(drawn)] = True
    return train.select(kept)


def fewer_rows(trial: Trial, validation: FeatureSet) -> FeatureSet:
    """Return the number of validation rows that the trial asks for, errors and right rows in proportion."""
    if trial.experiment != "validation":
        return validation
    drawn = _draw(np.arange(len(validation)), validation.errors.numpy(), int(trial.value), trial.seed)
    return validation.select(torch.from_numpy(drawn))


def measure_head(head: AdueHead, test: FeatureSet) -> float:
    """Return the AUROC of one head on the test rows."""
    with torch.no_grad():
        return _auroc(head(test.features).double(), test)


def interval_of_gain(head: AdueHead, rows: FeatureSet) -> tuple[float, float]:
    """Return the paired 95 % interval of AUROC minus that of the softmax response: what other rows might have given."""
    with torch.no_grad():
        both = torch.stack([softmax_response(rows.logits.double()), head(rows.features).double()])
    difference = compare_auroc(both.numpy(), rows.errors.numpy())[1].difference
    return difference.low, difference.high


def measure_softmax_response(test: FeatureSet) -> float:
    """Return the AUROC of the softmax response on the test rows."""
    return _auroc(softmax_response(test.logits.double()), test)


def _auroc(u: torch.Tensor, rows: FeatureSet) -> float:
    return float(auroc(u.numpy(), rows.errors.numpy()))


def _draw(rows: np.ndarray, groups: np.ndarray, size: int, seed: int) -> np.ndarray:
    if size >= len(rows):
        return rows
    drawn = resample(rows, replace=False, n_samples=size, stratify=groups, random_state=seed)
    return np.sort(np.asarray(drawn))


def _lines(trial: Trial, sweep: SweepResult, counts: dict[str, Any]) -> pd.DataFrame:
    points = pd.DataFrame([point.model_dump(include={"learning_rate", "alpha", "beta"}) for point in sweep.points])
    trained = np.where(np.isfinite(sweep.validation_auroc), sweep.validation_auroc, np.nan)
    return points.assign(
        experiment=trial.experiment,
        value=float(trial.value),
        seed=trial.seed,
        epoch=list(sweep.epochs),
        chosen=np.arange(len(points)) == sweep.best,
        validation_auroc=trained,
        validation_gain_low=np.nan,
        validation_gain_high=np.nan,
        **counts,
    )
