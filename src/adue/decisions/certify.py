"""Three promises about answers that go out, each tested exactly on labelled rows that chose nothing before.

A promise is broken on a share of the draws of the labelled rows of at most 1 - confidence, whatever the scores are: it
holds for rows drawn as these were, and for the threshold that was certified.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from scipy.stats import beta, binom

from adue.decisions.outcomes import ClassOutcome
from adue.decisions.promise import CONFIDENCE, Certified, Promise, Refusal
from adue.decisions.rows import ScoredRows
from adue.foundation.errors import DataError

GRID = 50
"""Thresholds on which the promise about accepted answers is tried."""

START = 4
"""Its sequence begins where a fourth of the rows is accepted: at the fewest rows that can pass, one error ends it."""

MOST_ROWS = 10_000_000
"""More rows than anybody labels: where so many would not do, no number is named."""


class Counts(NamedTuple):
    """At each threshold, strictest first, how many rows are accepted, and how many of these are wrong."""

    thresholds: Float[ndarray, " thresholds"]
    accepted: Int[ndarray, " thresholds"]
    wrong: Int[ndarray, " thresholds"]


def quantile_grid(u: Float[ndarray, " rows"], count: int = GRID) -> Float[ndarray, " thresholds"]:
    """Return up to `count` quantiles of the scores of other rows, ascending, each a score that occurs.

    >>> quantile_grid(np.array([0.1, 0.2, 0.2, 0.9]), 4).tolist()
    [0.1, 0.2, 0.9]
    """
    if not len(u):
        return np.empty(0)
    quantiles: Float[ndarray, " thresholds"] = np.quantile(u, np.arange(1, count + 1) / count, method="inverted_cdf")
    return np.unique(quantiles)


def upper_bound(wrong: int, rows: int, confidence: float = CONFIDENCE) -> float:
    """Return the exact upper confidence bound of a share (Clopper and Pearson 1934); 1 without rows.

    >>> round(upper_bound(0, 59), 3)
    0.05
    """
    return 1.0 if wrong >= rows else float(beta.ppf(confidence, wrong + 1, rows - wrong))


def fewest_rows(limit: float, confidence: float = CONFIDENCE) -> int:
    """Return how many rows without a single error it takes to show that fewer than `limit` are wrong.

    >>> fewest_rows(0.05), fewest_rows(0.01)
    (59, 299)
    """
    return math.ceil(math.log(1 - confidence) / math.log1p(-limit))


def certify(
    promise: Promise, rows: ScoredRows, grid: Float[ndarray, " thresholds"] | None = None
) -> Certified | Refusal:
    """Return the loosest threshold for which `promise` can be given, or why it cannot.

    Parameters
    ----------
    rows
        Labelled rows that nothing was fitted on or chosen by.
    grid
        Thresholds that were fixed on other rows; the promise ``accepted-error`` needs them.

    Raises
    ------
    DataError
        When there are no rows, or `grid` is missing.
    """
    if not len(rows):
        raise DataError("there are no labelled rows, and nothing can be promised without; give rows with labels")
    if promise.kind == "errors-let-through":
        return _limit_errors(promise, rows)
    if promise.kind == "review-share":
        return _limit_reviews(promise, rows)
    if grid is None:
        raise DataError("the promise accepted-error needs thresholds that were fixed on other rows; give them as grid")
    return _limit_accepted_error(promise, rows, np.sort(grid))


def certify_classes(
    promise: Promise, rows: ScoredRows, grid: Float[ndarray, " thresholds"] | None = None
) -> tuple[Certified | Refusal, ...]:
    """Return what can be promised for each predicted class by itself, in the order of the classes.

    That all of them hold at once has the promise's confidence: each class gets its share of what may fail (Bonferroni).
    """
    each = promise.model_copy(update={"confidence": 1 - (1 - promise.confidence) / len(rows.class_names)})
    found: list[Certified | Refusal] = []
    for index, name in enumerate(rows.class_names):
        part = rows.select(rows.predictions == index)
        if len(part):
            one = certify(each, part, grid)
        else:
            one = Refusal(promise=each, reason="no row is predicted to be of this class", rows=0)
        found.append(one.model_copy(update={"predicted": name}))
    return tuple(found)


def class_bounds(
    rows: ScoredRows, accepted: Bool[ndarray, " rows"], confidence: float = CONFIDENCE
) -> tuple[ClassOutcome, ...]:
    """Return per predicted class how many rows there are and go out, and the exact bound of the wrong ones among them.

    Each bound stands by itself: of many, one in twenty is broken at 95 %. Promises per class share their confidence.
    """
    found = []
    for index, name in enumerate(rows.class_names):
        inside = rows.predictions == index
        count, wrong = int((accepted & inside).sum()), int((accepted & inside & rows.wrong).sum())
        bound = upper_bound(wrong, count, confidence) if count else None
        found.append(ClassOutcome(name=name, rows=int(inside.sum()), accepted=count, wrong=wrong, bound=bound))
    return tuple(found)


def _count(rows: ScoredRows, thresholds: Float[ndarray, " thresholds"] | None = None) -> Counts:
    """Return the counts at `thresholds`, by default at the ends of all groups of equal scores."""
    free = ~rows.held
    u, wrong = rows.u[free], rows.wrong[free]
    order = np.argsort(u, kind="stable")
    at = np.unique(u) if thresholds is None else thresholds
    accepted = np.searchsorted(u[order], at, side="right")
    return Counts(at, accepted, np.append(0, np.cumsum(wrong[order]))[accepted])


def _limit_errors(promise: Promise, rows: ScoredRows) -> Certified:
    """Return the loosest threshold with few enough rows accepted and wrong, of all rows.

    That number never falls as the threshold rises, so that testing in sequence until the first failure is the same as
    looking at every threshold, and costs no confidence.
    """
    counts, n = _count(rows), len(rows)
    passes = binom.cdf(counts.wrong, n, promise.limit) <= 1 - promise.confidence
    if not passes.any():
        return Certified(promise=promise, threshold=None, rows=n, accepted=0, wrong=0, bound=0.0)
    return _certified(promise, rows, counts, int(np.flatnonzero(passes)[-1]), of=n)


def _limit_reviews(promise: Promise, rows: ScoredRows) -> Certified | Refusal:
    """Return the strictest threshold at which few enough rows are reviewed; counts of rows choose it, not labels."""
    counts, n = _count(rows), len(rows)
    enough = np.flatnonzero(n - counts.accepted <= promise.limit * n)
    if not len(enough):
        held = float(rows.held.mean())
        reason = f"{held:.1%} of the rows always go to people, more than the share of {promise.limit:.1%}"
        return Refusal(promise=promise, reason=reason, rows=n)
    return _certified(promise, rows, counts, int(enough[0]))


def _limit_accepted_error(
    promise: Promise, rows: ScoredRows, grid: Float[ndarray, " thresholds"]
) -> Certified | Refusal:
    """Return the loosest threshold of `grid` that passes in fixed sequence, strictest first (Maurer et al. 1995)."""
    counts, n, delta = _count(rows, grid), len(rows), 1 - promise.confidence
    least = fewest_rows(promise.limit, promise.confidence)
    open_to = np.flatnonzero(counts.accepted >= max(least, n / START))
    if not len(open_to):
        return _refuse_few(promise, rows, counts, least)
    passes = np.atleast_1d(binom.cdf(counts.wrong[open_to], counts.accepted[open_to], promise.limit) <= delta)
    if not passes[0]:
        return _refuse_wrong(promise, rows, counts, int(open_to[0]))
    last = len(passes) if passes.all() else int(np.argmin(passes))
    return _certified(promise, rows, counts, int(open_to[last - 1]))


def _certified(promise: Promise, rows: ScoredRows, counts: Counts, at: int, of: int | None = None) -> Certified:
    accepted, wrong = int(counts.accepted[at]), int(counts.wrong[at])
    return Certified(
        promise=promise,
        threshold=float(counts.thresholds[at]),
        rows=len(rows),
        accepted=accepted,
        wrong=wrong,
        bound=upper_bound(wrong, accepted if of is None else of, promise.confidence),
    )


def _refuse_few(promise: Promise, rows: ScoredRows, counts: Counts, least: int) -> Refusal:
    """Refuse where not even the loosest threshold accepts as many rows as could pass without a single error."""
    most = int(counts.accepted[-1]) if len(counts.accepted) else 0
    reason = f"only {most:,} rows can be accepted, and it takes {least:,} of them without a single error"
    return Refusal(
        promise=promise,
        reason=reason,
        rows=len(rows),
        rows_needed=math.ceil(least * len(rows) / most) if most else None,
    )


def _refuse_wrong(promise: Promise, rows: ScoredRows, counts: Counts, start: int) -> Refusal:
    """Refuse where too many are wrong at the first threshold.

    The bound there is a limit that these rows can promise: one test, at a threshold that no label chose.
    """
    accepted, wrong = int(counts.accepted[start]), int(counts.wrong[start])
    return Refusal(
        promise=promise,
        reason=f"{wrong:,} of the {accepted:,} surest answers are wrong",
        rows=len(rows),
        rows_needed=_rows_to_pass(promise, wrong / accepted, accepted / len(rows)),
        best_limit=upper_bound(wrong, accepted, promise.confidence),
    )


def _rows_to_pass(promise: Promise, error: float, share: float) -> int | None:
    """Return how many labelled rows would pass if `error` of the `share` accepted were wrong; None where none would."""

    def passes(accepted: int) -> bool:
        return bool(binom.cdf(round(error * accepted), accepted, promise.limit) <= 1 - promise.confidence)

    if error >= promise.limit or not passes(MOST_ROWS):
        return None
    low, high = 0, MOST_ROWS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return math.ceil(high / share)
