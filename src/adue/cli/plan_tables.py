"""A plan as tables and lines for a terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from adue.cli.console import out
from adue.cli.tables import facts
from adue.decisions.outcomes import CostRange, Interval, OptionName, Outcome, Plan, QueueForecast
from adue.decisions.promise import Certified, Refusal

if TYPE_CHECKING:
    from adue.workflows.policy.plan import PlanResult

OPTION_NAMES: dict[OptionName, str] = {
    "accept-all": "answer all",
    "review-all": "review all",
    "least-cost": "least cost",
    "errors-let-through": "errors let through",
    "accepted-error": "error among answered",
    "review-share": "share for people",
}
"""What an option is called in words."""


def print_plan(result: "PlanResult") -> None:
    """Print the options side by side, what lies behind them, and the line that a manager would read."""
    plan = result.plan
    out.print(options_table(result))
    out.print(facts("Behind it", [*fact_rows(result), *_other_scores(result)]))
    for table in more_tables(plan):
        out.print(table)
    for note in result.notes:
        out.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    out.print(headline(plan), markup=False, highlight=False, soft_wrap=True)


def options_table(result: "PlanResult") -> Table:
    """Return the options, a line each."""
    plan = result.plan
    where = f"{result.adapter} on {result.data}" if result.adapter else result.data
    held = f", {plan.held:,} never answered" if plan.held else ""
    table = Table(
        title=f"{escape(where)}: {plan.rows:,} rows, {plan.errors:,} wrong{held}; costs in {escape(plan.currency)}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("option", no_wrap=True)
    for name in ("answered", "wrong of\nthese", "cost per\n1,000", "95 %\ninterval"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in plan.outcomes:
        table.add_row(*option_cells(one), style="bold" if one.option == plan.cheapest else None)
    return table


def option_cells(one: Outcome) -> list[str]:
    """Return the cells of one option; what is refused has none but its name."""
    name = OPTION_NAMES[one.option]
    asked = one.certified or one.refusal or next(iter(one.by_class), None)
    if asked is not None:
        name += f" <= {100 * asked.promise.limit:.3g}%{' per class' if one.by_class else ''}"
    if one.refusal is not None:
        return [name, "refused", "", "", ""]
    wrong = "-" if one.accepted_error is None else f"{one.accepted_error.value:.1%}"
    return [name, f"{one.coverage.value:.1%}", wrong, money(one.cost.value), _between(one.cost)]


def fact_rows(result: "PlanResult") -> list[tuple[str, object]]:
    """Return what lies behind the table: thresholds, promises, break-even, ranges of costs, the queue."""
    plan = result.plan
    return [
        *((OPTION_NAMES[one.option], _describe(one, result)) for one in plan.outcomes if one.option != "accept-all"),
        ("cost per month", _month(plan)),
        ("a review pays", _break_even(plan.break_even)),
        *((f"while the cost of {_words(one.cost)}", _range(one)) for one in plan.cost_ranges),
        *((f"queue, {OPTION_NAMES[option]}", _queue(one)) for option, one in plan.queue.items()),
        ("dearer model", plan.escalation_note),
    ]


def more_tables(plan: Plan) -> Iterator[Table]:
    """Yield the tables by predicted class and by segment."""
    if plan.classes:
        table = Table(
            title=f"{OPTION_NAMES[plan.cheapest]}, by predicted class", title_justify="left", box=box.SIMPLE_HEAD
        )
        table.add_column("class")
        for name in ("rows", "answered", "wrong of these", "at most (95 %)"):
            table.add_column(name, justify="right")
        for one in plan.classes:
            bound = "-" if one.bound is None else f"{one.bound:.1%}"
            table.add_row(escape(one.name), f"{one.rows:,}", f"{one.accepted:,}", f"{one.wrong:,}", bound)
        yield table
    if plan.segments:
        table = Table(title="A threshold of its own, by segment", title_justify="left", box=box.SIMPLE_HEAD)
        table.add_column("segment")
        for name in ("rows", "saves per 1,000", "95 % interval", "pays", "rows needed"):
            table.add_column(name, justify="right")
        for part in plan.segments:
            needed = "-" if part.rows_needed is None else f"{part.rows_needed:,}"
            pays = "yes" if part.pays else "not shown"
            cells = [f"{part.rows:,}", money(part.saving.value), _between(part.saving), pays, needed]
            table.add_row(escape(part.name), *cells)
        yield table


def headline(plan: Plan) -> str:
    """Return the line that a manager would read, of the cheapest option."""
    best = plan.outcome(plan.cheapest)
    answered, wrong = (round(1000 * count / best.rows) for count in (best.accepted, best.wrong))
    escalated = round(1000 * best.escalated / best.rows)
    people = 1000 - answered - escalated
    dearer = f", {escalated} go to the dearer model" if escalated else ""
    without: tuple[OptionName, ...] = ("accept-all", "review-all")
    all_costs = " and ".join(
        f"{money(plan.outcome(option).cost.value)} to {OPTION_NAMES[option]}"
        for option in without
        if option != plan.cheapest
    )
    queue = plan.queue.get(plan.cheapest)
    load = "" if queue is None or queue.planned else f" ({queue.load:.0%} of what they can read)"
    return (
        f"Of 1,000 texts {answered} are answered, {wrong} of them wrong{dearer}, and {people} go to people{load}: "
        f"{money(best.cost.value)} {plan.currency}, where it is {all_costs}."
    )


def money(amount: float) -> str:
    """Return an amount for a table: whole numbers from 100 on.

    >>> money(1234.5), money(9.876)
    ('1,234', '9.88')
    """
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:,.2f}"  # noqa: PLR2004 - three digits are enough


def _between(interval: Interval) -> str:
    return f"{money(interval.low)}..{money(interval.high)}"


def _describe(one: Outcome, result: "PlanResult") -> str | None:
    """Return the threshold of an option and what is promised, or why nothing is; None where there is no threshold."""
    if one.refusal is not None:
        return _refusal(one.refusal)
    if one.by_class:
        return "; ".join(_describe_class(part, result) for part in one.by_class)
    if one.threshold is None:
        return None
    parts = [f"answered where {_rule(one.threshold, result)}"]
    if one.threshold_interval is not None:
        low, high = sorted(_shown(end, result) for end in one.threshold_interval)
        parts[0] += f" ({low:.4g} to {high:.4g} on other draws of the rows)"
    if one.escalate is not None:
        parts.append(f"dearer model where {_rule(one.escalate, result)}")
    if one.certified is not None:
        parts.append(_bound(one.certified))
    return "; ".join(parts)


def _describe_class(one: Certified | Refusal, result: "PlanResult") -> str:
    if isinstance(one, Refusal):
        return f"{one.predicted}: refused, {_refusal(one)}"
    if one.threshold is None:
        return f"{one.predicted}: none answered"
    return f"{one.predicted}: answered where {_rule(one.threshold, result)}, {_bound(one)}"


def _shown(threshold: float, result: "PlanResult") -> float:
    """Return a threshold as the user's own score has it."""
    return -threshold if result.higher_is_surer else threshold


def _rule(threshold: float, result: "PlanResult") -> str:
    return f"{result.score} {'>=' if result.higher_is_surer else '<='} {_shown(threshold, result):.6g}"


def _bound(one: Certified) -> str:
    of = "all" if one.promise.kind == "errors-let-through" else "the answered"
    return f"wrong at most {one.bound:.1%} of {of} ({one.promise.confidence:.1%} confidence)"


def _refusal(one: Refusal) -> str:
    more = [one.reason]
    if one.rows_needed is not None:
        more.append(f"about {one.rows_needed:,} labelled rows would do")
    if one.best_limit is not None and one.best_limit < 1:
        more.append(f"these rows can promise {one.best_limit:.1%}")
    return "; ".join(more)


def _month(plan: Plan) -> str | None:
    amounts = {one.option: one.cost_per_month for one in plan.outcomes if one.refusal is None}
    found = [f"{OPTION_NAMES[name]} {money(cost.value)}" for name, cost in amounts.items() if cost is not None]
    return ", ".join(found) or None


def _break_even(probability: float | None) -> str:
    return "nowhere" if probability is None or probability >= 1 else f"where p(error) is above {probability:.3f}"


def _words(cost: str) -> str:
    return cost.replace("_", " ")


def _range(one: CostRange) -> str:
    low = "however low" if one.low is None else f"from {one.low:.2g} times ({OPTION_NAMES[one.below or 'accept-all']})"
    high = (
        "however high" if one.high is None else f"to {one.high:.2g} times ({OPTION_NAMES[one.above or 'accept-all']})"
    )
    return f"is {low} {high} its value"


def _queue(one: QueueForecast) -> str:
    line = f"{one.per_day:,.0f} texts a working day, {one.load:.0%} of capacity"
    if one.backlog is None:
        return f"{line}: the queue grows by {one.growth_per_month:,.0f} texts a month without end"
    return f"{line}, {one.backlog:,.0f} waiting on average" + ("" if one.planned else "; more than to plan for")


def _other_scores(result: "PlanResult") -> Iterator[tuple[str, object]]:
    own = result.plan.outcome("least-cost").cost.value
    for name, plan in result.others.items():
        other = plan.outcome("least-cost").cost.value
        yield f"with {name}", f"least cost {money(other)} per 1,000, {money(own)} with {result.score}"
