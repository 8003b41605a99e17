"""All metrics of one score on one set of rows; the columns of the result tables."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from adue.foundation.defaults import MIN_OF_EACH
from adue.foundation.errors import DataError
from adue.metrics.calibration import ace, brier, ece, nll
from adue.metrics.ranking import aupr_error, auroc, fpr95
from adue.metrics.selective import accuracy_at_coverage, augrc, aurc, e_aurc, prr

ROUNDING = 1e-6
"""How far outside [0, 1] a probability may fall: single precision gives a softmax of 1.0000001."""


@dataclass(frozen=True)
class Metric:
    """A number on (u, errors), which way is better, and whether it needs a probability in place of u."""

    compute: Callable[[ndarray, ndarray], float | ndarray]
    higher_is_better: bool
    of_probability: bool = False


METRICS: dict[str, Metric] = {
    "auroc": Metric(auroc, higher_is_better=True),
    "aupr_error": Metric(aupr_error, higher_is_better=True),
    "fpr95": Metric(fpr95, higher_is_better=False),
    "aurc": Metric(aurc, higher_is_better=False),
    "e_aurc": Metric(e_aurc, higher_is_better=False),
    "augrc": Metric(augrc, higher_is_better=False),
    "prr": Metric(prr, higher_is_better=True),
    "accuracy_80": Metric(partial(accuracy_at_coverage, coverage=0.80), higher_is_better=True),
    "accuracy_90": Metric(partial(accuracy_at_coverage, coverage=0.90), higher_is_better=True),
    "accuracy_95": Metric(partial(accuracy_at_coverage, coverage=0.95), higher_is_better=True),
    "ece": Metric(ece, higher_is_better=False, of_probability=True),
    "ace": Metric(ace, higher_is_better=False, of_probability=True),
    "brier": Metric(brier, higher_is_better=False, of_probability=True),
    "nll": Metric(nll, higher_is_better=False, of_probability=True),
}
"""By the name of the column, in the order of the columns."""


@dataclass(frozen=True)
class MetricValues:
    """One score on one set of rows, every metric as a share and not in per cent; NaN where it has no value.

    Attributes
    ----------
    n
        Rows.
    errors
        Wrong predictions among them.
    accuracy
        Of the classifier, NaN without rows.
    auroc, aupr_error, fpr95, aurc, e_aurc, augrc, prr, accuracy_80, accuracy_90, accuracy_95
        From the order of u alone.
    ece, ace, brier, nll
        From the probability of an error; NaN where the score stands for none.
    reason
        Why no metric has a value, None where they have one.
    """

    n: int
    errors: int
    accuracy: float
    auroc: float
    aupr_error: float
    fpr95: float
    aurc: float
    e_aurc: float
    augrc: float
    prr: float
    accuracy_80: float
    accuracy_90: float
    accuracy_95: float
    ece: float
    ace: float
    brier: float
    nll: float
    reason: str | None = None


def evaluate_scores(
    u: Float[ndarray, " rows"], errors: Bool[ndarray, " rows"], *, probability: Float[ndarray, " rows"] | None = None
) -> MetricValues:
    """Return every metric of a score u, higher meaning more likely wrong; NaN with a reason where rows are too few.

    Parameters
    ----------
    u
        Any finite numbers.
    errors
        Where the prediction is wrong. With fewer than two of these, or fewer than two right predictions, no metric is
        computed; rows, errors and accuracy are always there.
    probability
        The probability that each prediction is wrong, in [0, 1]: u itself, or what u stands for. Without it the
        metrics of calibration have no value.

    Raises
    ------
    DataError
        When u or a probability is not finite, or a probability lies outside [0, 1].

    Examples
    --------
    >>> values = evaluate_scores(np.array([0.1, 0.4, 0.3, 0.9]), np.array([False, False, True, True]))
    >>> values.auroc, values.augrc, values.ece
    (0.75, 0.1875, nan)
    >>> evaluate_scores(np.array([0.1, 0.4, 0.3]), np.array([False, False, True])).reason
    '1 of 3 predictions wrong; metrics need at least two: give more labelled rows'
    """
    _require_finite(u, "u")
    # Double precision for the sums, and so that log-loss stays finite at the same distance from 0 and 1 for all scores.
    given = {False: u.astype(np.float64)}
    if probability is not None:
        _require_probability(probability)
        given[True] = probability.astype(np.float64).clip(0, 1)
    reason = _why_undefined(errors)
    values = {
        name: np.nan
        if reason or metric.of_probability not in given
        else float(metric.compute(given[metric.of_probability], errors))
        for name, metric in METRICS.items()
    }
    accuracy = float(1 - errors.mean()) if len(errors) else np.nan
    return MetricValues(n=len(errors), errors=int(errors.sum()), accuracy=accuracy, reason=reason, **values)


def _require_finite(values: ndarray, name: str) -> None:
    finite = np.isfinite(values)
    if not finite.all():
        raise DataError(
            f"{name} holds NaN or infinite values in {int((~finite).sum())} of {len(values)} rows (first: row "
            f"{int(np.argmin(finite))}); metrics need a finite {name}: look for extreme features or logits"
        )


def _require_probability(values: ndarray) -> None:
    _require_finite(values, "probability")
    if len(values) and not (values.min() >= -ROUNDING and values.max() <= 1 + ROUNDING):
        raise DataError(
            f"the probability of an error lies in {values.min():.6g}..{values.max():.6g}, but a probability lies in "
            "0..1; leave probability out, or calibrate it first"
        )


def _why_undefined(errors: ndarray) -> str | None:
    n, wrong = len(errors), int(errors.sum())
    if n == 0:
        return "no rows; metrics need at least two wrong and two right predictions"
    if wrong < MIN_OF_EACH:
        return f"{wrong} of {n} predictions wrong; metrics need at least two: give more labelled rows"
    if n - wrong < MIN_OF_EACH:
        return f"{n - wrong} of {n} predictions right; metrics need at least two: check that labels and id2label match"
    return None
