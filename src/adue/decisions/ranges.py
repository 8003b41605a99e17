"""How far costs may change before another option wins, and from which probability of an error on a review pays."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from adue.decisions.costs import Costs
from adue.decisions.least_cost import Chosen
from adue.decisions.outcomes import CostRange, OptionName
from adue.decisions.rows import ScoredRows, cost_matrix, row_costs

CostName = Literal["error", "review", "needless_review"]


def break_even(rows: ScoredRows, costs: Costs) -> float | None:
    """Return the probability of an error from which on a review pays, by the mean cost of the errors in `rows`.

    None where errors cost nothing, so that no review ever pays; see :meth:`adue.decisions.costs.Costs.break_even`.
    """
    matrix, classes = cost_matrix(costs, rows.class_names), len(rows.class_names)
    truth = np.where(rows.labels < 0, classes, rows.labels)
    wrong = rows.wrong
    of_errors = matrix[truth[wrong], rows.predictions[wrong]] if wrong.any() else matrix[matrix > 0]
    error = float(of_errors.mean()) if of_errors.size else 0.0
    return costs.break_even(error) if error > 0 else None


def cost_ranges(
    rows: ScoredRows, costs: Costs, options: Mapping[OptionName, Chosen], cheapest: OptionName
) -> tuple[CostRange, ...]:
    """Return by which factor each cost may change, all others as they are, before another option costs less.

    Every option keeps its threshold, so that its cost is a straight line in the factor, and the ends are where the
    lines meet. A cost of 0 has no range, and no end is given where no other option ever costs less.
    """
    names: tuple[CostName, ...] = ("error", "review", "needless_review")
    return tuple(
        _range(rows, costs, options, cheapest, name) for name in names if name == "error" or getattr(costs, name) > 0
    )


def _range(
    rows: ScoredRows, costs: Costs, options: Mapping[OptionName, Chosen], cheapest: OptionName, name: CostName
) -> CostRange:
    lines = {option: _line(rows, costs, chosen, name) for option, chosen in options.items()}
    fixed, slope = lines.pop(cheapest)
    low: tuple[float, OptionName] | None = None
    high: tuple[float, OptionName] | None = None
    for option, (other_fixed, other_slope) in lines.items():
        if other_slope == slope:
            continue
        meet = (other_fixed - fixed) / (slope - other_slope)
        # The other line lies below ours beyond the meeting point where it rises less, and before it where more.
        if other_slope < slope and (high is None or meet < high[0]):
            high = meet, option
        elif other_slope > slope and meet > 0 and (low is None or meet > low[0]):
            low = meet, option
    return CostRange(
        cost=name,
        low=None if low is None else low[0],
        high=None if high is None else high[0],
        below=None if low is None else low[1],
        above=None if high is None else high[1],
    )


def _line(rows: ScoredRows, costs: Costs, chosen: Chosen, name: CostName) -> tuple[float, float]:
    """Return the cost of an option without the cost `name`, and what that cost adds at its present value."""
    none = float(chosen.costs(rows, row_costs(rows, _scale(costs, name, 0.0))).mean())
    once = float(chosen.costs(rows, row_costs(rows, costs)).mean())
    return none, once - none


def _scale(costs: Costs, name: CostName, factor: float) -> Costs:
    """Return the costs with one of them times `factor`; an error and a miss are one cost."""
    if name != "error":
        return costs.model_copy(update={name: factor * getattr(costs, name)})
    error: Any = costs.error
    if isinstance(error, Mapping):
        error = {answer: factor * amount for answer, amount in error.items()}
    elif isinstance(error, tuple):
        error = tuple(tuple(factor * amount for amount in row) for row in error)
    else:
        error = factor * error
    return costs.model_copy(update={"error": error, "miss": {one: factor * cost for one, cost in costs.miss.items()}})
