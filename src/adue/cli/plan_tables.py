"""A plan as tables and lines for a terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from adue.cli.console import out
from adue.cli.tables import facts
from adue.decisions.outcomes import CostRange, Interval, Outcome, Plan, QueueForecast

if TYPE_CHECKING:
    from adue.workflows.policy.plan import PlanResult

OPTION_NAMES = {
    "accept-all": "answer all",
    "review-all": "review all",
    "least-cost": "least cost",
    "errors-let-through": "errors let through",
    "accepted-error": "error among answered",
    "review-share": "share for people",
}
"""What an option is called in words; its name in files and options stands behind it in the table."""


def print_plan(result: "PlanResult") -> None:
    """Print the options side by side, what lies behind them, and the line that a manager would read."""
    plan = result.plan
    out.print(options_table(result))
    out.print(facts("Behind it", [*fact_rows(plan), *_other_scores(result)]))
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
    for name in ("answered", "wrong of these", "cost per 1,000", "95 % interval", "per month"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in plan.outcomes:
        table.add_row(*option_cells(one), style="bold" if one.option == plan.cheapest else None)
    return table


def option_cells(one: Outcome) -> list[str]:
    """Return the cells of one option; what is refused has none but its name."""
    name = OPTION_NAMES[one.option]
    asked = one.certified or one.refusal
    if asked is not None:
        name += f" <= {asked.promise.limit:.1%}"
    if one.refusal is not None:
        return [name, "refused", "", "", "", ""]
    wrong = "-" if one.accepted_error is None else f"{one.accepted_error.value:.1%}"
    month = "-" if one.cost_per_month is None else money(one.cost_per_month.value)
    return [name, f"{one.coverage.value:.1%}", wrong, money(one.cost.value), _between(one.cost), month]


def fact_rows(plan: Plan) -> list[tuple[str, object]]:
    """Return what lies behind the table: thresholds, promises, break-even, ranges of costs, the queue."""
    return [
        *((f"{OPTION_NAMES[one.option]}", _describe(one)) for one in plan.outcomes if _describe(one)),
        ("a review pays", f"where p(error) is above {plan.break_even:.3f}" if plan.break_even < 1 else "nowhere"),
        *((f"while the cost of {_words(one.cost)}", _range(one)) for one in plan.cost_ranges),
        *((f"queue, {OPTION_NAMES[option]}", _queue(one)) for option, one in plan.queue.items()),
        ("dearer model", plan.escalation_note),
        ("another label", _other_label(plan)),
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
    all_costs = " and ".join(
        f"{money(plan.outcome(option).cost.value)} to {words}"
        for option, words in (("accept-all", "answer all"), ("review-all", "review all"))
        if option != plan.cheapest
    )
    return (
        f"Of 1,000 texts {answered} are answered, {wrong} of them wrong{dearer}, and {people} go to people: "
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


def _describe(one: Outcome) -> str | None:
    if one.refusal is not None:
        more = [one.refusal.reason]
        if one.refusal.rows_needed is not None:
            more.append(f"it would take about {one.refusal.rows_needed:,} rows")
        if one.refusal.best_limit is not None:
            more.append(f"these rows can promise {one.refusal.best_limit:.1%}")
        return "; ".join(more)
    if one.threshold is None:
        return None
    line = f"threshold {one.threshold:.6g}"
    if one.threshold_interval is not None:
        low, high = one.threshold_interval
        line += f" ({low:.4g}..{high:.4g} on other draws)"
    if one.escalate is not None:
        line += f", dearer model up to {one.escalate:.6g}"
    if one.certified is not None:
        of = "of all" if one.certified.promise.kind == "errors-let-through" else "of the answered"
        line += f"; at most {one.certified.bound:.1%} {of} wrong at {one.certified.promise.confidence:.0%} confidence"
    return line


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


def _other_label(plan: Plan) -> str | None:
    if not plan.other_label_cheaper:
        return None
    return f"would cost less for {plan.other_label_cheaper:,} rows; the model's label is kept"


def _other_scores(result: "PlanResult") -> Iterator[tuple[str, object]]:
    own = result.plan.outcome("least-cost").cost.value
    for name, plan in result.others.items():
        other = plan.outcome("least-cost").cost.value
        yield f"with {name}", f"least cost {money(other)} per 1,000, {money(own)} with {result.score}"
