"""The points of the charts, few enough that a report on a hundred thousand rows stays small."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_curve

from adue.metrics import risk_coverage

MAX_POINTS = 500
BINS = 40
CALIBRATION_GROUPS = 10
MIN_COVERAGE = 0.01
MIN_COVERED_ROWS = 20


@dataclass(frozen=True)
class Curve:
    """Points to join by a line; single precision is finer than a pixel."""

    x: Float[ndarray, " points"]
    y: Float[ndarray, " points"]


def roc(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]) -> Curve:
    """Return the share of errors caught (y) against the share of correct predictions flagged (x)."""
    flagged, caught, _ = roc_curve(errors, u)
    return _thin(flagged, caught)


def risk(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]) -> Curve:
    """Return the error rate (y) against coverage (x), from the smallest coverage at which a rate means something."""
    coverage, rate = risk_coverage(u, errors)
    steady = coverage >= max(MIN_COVERAGE, min(1.0, MIN_COVERED_ROWS / len(u)))
    return _thin(coverage[steady], rate[steady])


def perfect_risk(error_rate: float) -> Curve:
    """Return the error rate against coverage of a ranking that puts every error last."""
    coverage = np.linspace(MIN_COVERAGE, 1, 100)
    return _thin(coverage, np.maximum(0, 1 - (1 - error_rate) / coverage))


def risk_at(u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"], coverage: float) -> float | None:
    """Return the error rate among the most certain `coverage` of rows; None where ties leave no such cut.

    A cut within one percent of the rows counts as being there.
    """
    levels, rate = risk_coverage(u, errors)
    nearest = int(np.abs(levels - coverage).argmin())
    return float(rate[nearest]) if abs(levels[nearest] - coverage) <= MIN_COVERAGE else None


def calibration(confidence: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"]) -> Curve:
    """Return the share of correct predictions (y) against mean confidence (x) in groups of about equal size."""
    inside = np.clip(confidence, 0, 1)
    share, mean = calibration_curve(~errors, inside, n_bins=CALIBRATION_GROUPS, strategy="quantile", pos_label=True)
    return _thin(mean, share)


def histogram(u: Float[ndarray, " rows"]) -> Curve:
    """Return the share of one or more rows (y) in each of BINS equal steps of [0, 1], at the middle of the step (x)."""
    counts, edges = np.histogram(u, bins=BINS, range=(0, 1))
    return _thin((edges[:-1] + edges[1:]) / 2, counts / len(u))


def _thin(x: Float[ndarray, " levels"], y: Float[ndarray, " levels"]) -> Curve:
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MAX_POINTS)).round().astype(int))
    return Curve(x[kept].astype(np.float32), y[kept].astype(np.float32))
