"""The options side by side: what each costs on labelled rows, how sure that is, and what else a decision needs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from adue.decisions.certify import class_bounds
from adue.decisions.costs import Costs
from adue.decisions.draws import draw_counts, interval
from adue.decisions.least_cost import Chosen, Levels, choose
from adue.decisions.outcomes import PER, Interval, OptionName, Outcome, Plan, QueueForecast
from adue.decisions.promise import Certified, Refusal
from adue.decisions.queue import forecast
from adue.decisions.ranges import break_even, cost_ranges
from adue.decisions.rows import RowCosts, ScoredRows, row_costs
from adue.decisions.segments import compare_segments
from adue.foundation.defaults import INTERVAL, RESAMPLES
from adue.foundation.errors import DataError


@dataclass(frozen=True)
class Option:
    """One line of a plan, before it is measured; `chosen` is None where its promise was refused."""

    name: OptionName
    chosen: Chosen | None
    certified: Certified | None = None
    refusal: Refusal | None = None
    by_class: tuple[Certified | Refusal, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What came of an option on the rows, and on each draw of them: shares of the rows."""

    option: Option
    accepted: int
    escalated: int
    wrong: int
    cost: Interval
    coverage: Float[ndarray, " draws"]
    drawn_wrong: Float[ndarray, " draws"]
    threshold_interval: tuple[float, float] | None


def make_plan(
    rows: ScoredRows,
    costs: Costs,
    *,
    certified: Sequence[Certified | Refusal | tuple[Certified | Refusal, ...]] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Plan:
    """Return what comes of accepting all, reviewing all, the thresholds of least cost, and each promise.

    Parameters
    ----------
    certified
        What came of each promise, on these rows; of one per class what came of each class.
    resamples, seed
        Bootstrap draws behind each interval, and how they are drawn.

    Raises
    ------
    DataError
        When there are no rows, or the costs do not go with the classes.
    """
    if not len(rows):
        raise DataError("there are no labelled rows to plan on; give a file or a test split that holds some")
    each, levels = row_costs(rows, costs), Levels.of(rows)
    options = [
        Option("accept-all", Chosen(levels.threshold(len(levels.values)))),
        Option("review-all", Chosen(None)),
        Option("least-cost", choose(levels, each)),
        *(_promised(one) for one in certified),
    ]
    measured = _measure(rows, each, levels, options, resamples=resamples, seed=seed)
    outcomes = tuple(_outcome(one, len(rows), costs.texts_per_month) for one in measured)
    kept = [one for one in outcomes if one.refusal is None]
    cheapest = min(kept, key=lambda one: one.cost.value)
    chosen = {one.name: one.chosen for one in options if one.chosen is not None}
    return Plan(
        rows=len(rows),
        errors=int(rows.wrong.sum()),
        held=int(rows.held.sum()),
        currency=costs.currency,
        outcomes=outcomes,
        cheapest=cheapest.option,
        break_even=break_even(rows, costs),
        cost_ranges=cost_ranges(rows, costs, chosen, cheapest.option),
        classes=class_bounds(rows, chosen[cheapest.option].take(rows)[0]),
        segments=compare_segments(rows, each, seed),
        queue=_queues(kept, costs),
        escalation_note=_note_escalation(rows, each, costs, levels),
    )


def _promised(found: Certified | Refusal | tuple[Certified | Refusal, ...]) -> Option:
    if isinstance(found, Refusal):
        return Option(found.promise.kind, None, refusal=found)
    if isinstance(found, Certified):
        return Option(found.promise.kind, Chosen(found.threshold), certified=found)
    thresholds = tuple(one.threshold if isinstance(one, Certified) else None for one in found)
    refusals = [one for one in found if isinstance(one, Refusal)]
    name = found[0].promise.kind
    if len(refusals) == len(found):
        return Option(name, None, refusal=refusals[0], by_class=found)
    return Option(name, Chosen(None, by_class=thresholds), by_class=found)


def _measure(
    rows: ScoredRows, each: RowCosts, levels: Levels, options: Sequence[Option], *, resamples: int, seed: int
) -> list[Measured]:
    """Return what comes of each option; all of them see the same draws."""
    ways = [one.chosen or Chosen(None) for one in options]
    taken = [way.take(rows) for way in ways]
    # A row per option of each thing that is summed over the rows.
    costs = np.stack([way.costs(rows, each) for way in ways])
    accepted = np.stack([out for out, _ in taken]).astype(np.float64)
    sums = np.concatenate([costs, accepted, accepted * rows.wrong])
    gains = each.accept - each.review
    drawn, again = [], []
    for counts in draw_counts(len(rows), resamples, seed):
        drawn.append(counts @ sums.T)
        again.append(levels.sums(counts * gains).argmin(axis=-1))
    cost, coverage, wrong = np.split(np.concatenate(drawn).T / len(rows), 3)
    ends = None if each.escalate is not None else _ends(levels, np.concatenate(again))
    return [
        Measured(
            option,
            accepted=int(accepted[index].sum()),
            escalated=int(taken[index][1].sum()),
            wrong=int((accepted[index] * rows.wrong).sum()),
            cost=interval(PER * float(costs[index].mean()), PER * cost[index]),
            coverage=coverage[index],
            drawn_wrong=wrong[index],
            threshold_interval=ends if option.name == "least-cost" else None,
        )
        for index, option in enumerate(options)
    ]


def _outcome(one: Measured, rows: int, texts_per_month: float | None) -> Outcome:
    some = one.coverage > 0
    error = interval(one.wrong / one.accepted, one.drawn_wrong[some] / one.coverage[some]) if one.accepted else None
    chosen = one.option.chosen or Chosen(None)
    return Outcome(
        option=one.option.name,
        threshold=chosen.accept,
        escalate=chosen.escalate,
        rows=rows,
        accepted=one.accepted,
        escalated=one.escalated,
        wrong=one.wrong,
        coverage=interval(one.accepted / rows, one.coverage),
        accepted_error=error,
        cost=one.cost,
        cost_per_month=None if texts_per_month is None else _times(one.cost, texts_per_month / PER),
        threshold_interval=one.threshold_interval,
        certified=one.option.certified,
        refusal=one.option.refusal,
        by_class=one.option.by_class,
    )


def _times(one: Interval, factor: float) -> Interval:
    return Interval(value=one.value * factor, low=one.low * factor, high=one.high * factor)


def _ends(levels: Levels, chosen: ndarray) -> tuple[float, float] | None:
    """Return the 95 % interval of the thresholds that draws chose; None where some chose to accept nothing."""
    low, high = (int(one) for one in np.quantile(chosen, INTERVAL, method="inverted_cdf"))
    return None if low == 0 else (float(levels.values[low - 1]), float(levels.values[high - 1]))


def _queues(outcomes: Sequence[Outcome], costs: Costs) -> dict[OptionName, QueueForecast]:
    found = {one.option: forecast(one.reviewed / one.rows, costs) for one in outcomes}
    return {option: one for option, one in found.items() if one is not None}


def _note_escalation(rows: ScoredRows, each: RowCosts, costs: Costs, levels: Levels) -> str | None:
    """Return whether the dearer model pays, with what was measured of it."""
    if each.escalate is None or rows.escalated is None or costs.escalation is None:
        return None
    with_it, without = choose(levels, each), choose(levels, RowCosts(each.accept, each.review))
    dear, plain = (PER * float(one.costs(rows, each).mean()) for one in (with_it, without))
    errors = float((rows.escalated != rows.labels).mean())
    measured = f"it is wrong in {errors:.1%} of these rows and costs {costs.escalation.cost:g} a call"
    if with_it.escalate is None or dear >= plain:
        return f"no escalation pays ({measured}): {plain:,.2f} per 1,000 texts without it"
    share = float(with_it.take(rows)[1].mean())
    return f"escalating {share:.1%} of the texts saves {plain - dear:,.2f} per 1,000 texts ({measured})"
