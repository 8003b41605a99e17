"""Whether a segment of the rows is cheaper under a threshold of its own, on rows that did not choose it."""

import math
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from scipy.special import ndtri

from adue.decisions.least_cost import Chosen, Levels, choose
from adue.decisions.outcomes import PER, Interval, SegmentOutcome
from adue.decisions.rows import RowCosts, ScoredRows
from adue.foundation.defaults import INTERVAL

Amounts: TypeAlias = Float[ndarray, " rows"]
"""Money per row."""

LEAST_ROWS = 30
"""Of a segment: the mean of fewer differences is no normal number, and shows nothing."""

HALVES = 2
"""Each half is judged by thresholds that the other chose."""


def compare_segments(rows: ScoredRows, each: RowCosts, seed: int = 0) -> tuple[SegmentOutcome, ...]:
    """Return for each segment whether its own threshold costs less than the common one, in the order of their names.

    Both thresholds are chosen on one half of the rows and compared on the other, and the other way round. The interval
    is the normal one of a mean of differences.
    """
    if rows.segments is None:
        return ()
    segments = np.array(rows.segments, dtype=object)
    half = np.random.default_rng(seed).permutation(len(rows)) % HALVES
    shared, own = np.zeros(len(rows)), np.zeros(len(rows))
    for side in range(HALVES):
        fit, judge = np.flatnonzero(half == side), np.flatnonzero(half != side)
        common = _choose(rows, each, fit)
        for name in set(rows.segments):
            inside, alone = (part[segments[part] == name] for part in (judge, fit))
            part, amounts = rows.select(inside), _select(each, inside)
            shared[inside] = common.costs(part, amounts)
            own[inside] = _choose(rows, each, alone).costs(part, amounts)
    return tuple(_outcome(name, rows, each, shared, own) for name in sorted(set(rows.segments)))


def _select(each: RowCosts, rows: Int[ndarray, " chosen"]) -> RowCosts:
    escalate = None if each.escalate is None else each.escalate[rows]
    return RowCosts(each.accept[rows], each.review[rows], escalate)


def _choose(rows: ScoredRows, each: RowCosts, chosen: Int[ndarray, " chosen"]) -> Chosen:
    return choose(Levels.of(rows.select(chosen)), _select(each, chosen))


def _outcome(name: str, rows: ScoredRows, each: RowCosts, shared: Amounts, own: Amounts) -> SegmentOutcome:
    inside = np.flatnonzero(np.array(rows.segments, dtype=object) == name)
    saved = shared[inside] - own[inside]
    mean, spread = float(saved.mean()), float(saved.std(ddof=1)) if len(saved) > 1 else 0.0
    low, high = (mean + float(ndtri(end)) * spread / math.sqrt(len(saved)) for end in INTERVAL)
    # So many rows would bring the low end of the interval to 0, were saving and spread what they are here.
    needed = max(LEAST_ROWS, math.ceil((float(ndtri(INTERVAL[1])) * spread / mean) ** 2)) if mean > 0 else None
    return SegmentOutcome(
        name=name,
        rows=len(inside),
        threshold=_choose(rows, each, inside).accept,
        cost=PER * float(own[inside].mean()),
        common_cost=PER * float(shared[inside].mean()),
        saving=Interval(value=PER * mean, low=PER * low, high=PER * high),
        pays=low > 0 and len(inside) >= LEAST_ROWS,
        rows_needed=needed,
    )
