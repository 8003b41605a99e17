"""The numbers of a decision, rounded once; every page in every language prints these and no others."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from adue.decisions.costs import PLANNED_LOAD, Costs
from adue.decisions.outcomes import Interval, OptionName, Outcome, Plan, QueueForecast
from adue.decisions.policy import Policy
from adue.decisions.promise import Certified, PromiseKind
from adue.foundation.errors import DataError

OF = 1000
"""Shares are written as counts of this many texts."""

WITHOUT_DECIMALS = frozenset({"CLP", "JPY", "KRW", "VND"})
"""Currencies whose smallest coin is one."""
DECIMALS_BELOW = 100
"""Sums of money are written in whole units where one of them is as large as this."""


@dataclass(frozen=True)
class Sums:
    """What three options cost: the one that was chosen, people reading everything, the model answering everything.

    Attributes
    ----------
    digits
        Decimals of all three.
    low, high
        Ends of the 95 % interval of `chosen`.
    """

    chosen: float
    low: float
    high: float
    review_all: float
    accept_all: float
    digits: int


@dataclass(frozen=True)
class PromiseFigures:
    """What is promised; `limit` and `bound` as counts of OF, `kept` as a count of 100."""

    kind: PromiseKind
    limit: float
    bound: int
    kept: float
    rows: int
    accepted: int
    wrong: int
    per_class: bool


@dataclass(frozen=True)
class Queue:
    """Texts for people on a working day: how many come, can be read and should be planned for; growth in a month."""

    per_day: int
    capacity: float
    planned: int
    growth: int


@dataclass(frozen=True)
class Figures:
    """The numbers of one decision.

    Attributes
    ----------
    rows
        Labelled rows on which all of it was measured.
    right, wrong, escalated, people
        Of OF texts: answered right, answered wrong, sent to the dearer model, read by people; they add up to OF.
    wrong_answers
        How many of OF answers that go out are wrong, with the ends of its 95 % interval; None where none goes out.
    threshold, escalate
        As in the outcome.
    error_cost
        The lowest and highest cost of a wrong answer.
    break_even
        A review pays where more than this many of OF answers would be wrong; None where the costs of errors differ.
    """

    option: OptionName
    rows: int
    right: int
    wrong: int
    escalated: int
    people: int
    wrong_answers: tuple[int, int, int] | None
    threshold: float | None
    escalate: float | None
    currency: str
    error_cost: tuple[float, float]
    review_cost: float
    break_even: int | None
    sums: Sums
    month: Sums | None
    texts_per_month: float | None
    queue: Queue | None
    promise: PromiseFigures | None
    always_review: tuple[str, ...]

    @property
    def answered(self) -> int:
        """Texts of OF that the model answers."""
        return self.right + self.wrong


def policy_figures(policy: Policy) -> Figures:
    """Return the numbers of a saved policy.

    Raises
    ------
    DataError
        When the policy was set on no rows.
    """
    return _figures(
        policy.chosen, policy.accept_all, policy.review_all, policy.costs, policy.queue, promise=policy.promise
    )


def plan_figures(plan: Plan, costs: Costs, option: OptionName | None = None) -> Figures:
    """Return the numbers of one option of a plan, by default the cheapest.

    Raises
    ------
    DataError
        When the plan has no rows.
    """
    chosen = plan.outcome(option or plan.cheapest)
    accept_all, review_all = plan.outcome("accept-all"), plan.outcome("review-all")
    queue = plan.queue.get(chosen.option)
    return _figures(chosen, accept_all, review_all, costs, queue, promise=chosen.certified)


def apportion(counts: Sequence[int], total: int = OF) -> list[int]:
    """Return whole numbers in proportion to `counts` that add up to `total`, by largest remainder.

    Each is at most one away from its exact share; of equal remainders the first gets more.

    Raises
    ------
    DataError
        When there is nothing to divide by.

    Examples
    --------
    >>> apportion([1, 1, 1])
    [334, 333, 333]
    """
    whole = sum(counts)
    if whole == 0:
        raise DataError("there are no labelled rows to count; plan again on labelled rows")
    shares = [count * total // whole for count in counts]
    remainders = [count * total % whole for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda index: -remainders[index])
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def _figures(
    chosen: Outcome,
    accept_all: Outcome,
    review_all: Outcome,
    costs: Costs,
    queue: QueueForecast | None,
    *,
    promise: Certified | None,
) -> Figures:
    right, wrong, escalated, people = apportion(
        [chosen.accepted - chosen.wrong, chosen.wrong, chosen.escalated, chosen.reviewed]
    )
    error, month = chosen.accepted_error, None
    if chosen.cost_per_month and review_all.cost_per_month and accept_all.cost_per_month:
        month = _sums(chosen.cost_per_month, review_all.cost_per_month, accept_all.cost_per_month, costs.currency)
    return Figures(
        option=chosen.option,
        rows=chosen.rows,
        right=right,
        wrong=wrong,
        escalated=escalated,
        people=people,
        wrong_answers=None
        if error is None
        else (round(OF * error.value), round(OF * error.low), round(OF * error.high)),
        threshold=chosen.threshold,
        escalate=chosen.escalate,
        currency=costs.currency,
        error_cost=_error_cost(costs),
        review_cost=costs.review,
        break_even=_break_even(costs),
        sums=_sums(chosen.cost, review_all.cost, accept_all.cost, costs.currency),
        month=month,
        texts_per_month=costs.texts_per_month,
        queue=_queue(queue, costs),
        promise=None if promise is None else _promise(promise),
        always_review=costs.always_review,
    )


def _thousandths(share: Interval) -> tuple[int, int, int]:
    return round(OF * share.value), round(OF * share.low), round(OF * share.high)


def _sums(chosen: Interval, review_all: Interval, accept_all: Interval, currency: str) -> Sums:
    values = (chosen.value, chosen.low, chosen.high, review_all.value, accept_all.value)
    digits = 0 if currency in WITHOUT_DECIMALS or max(values) >= DECIMALS_BELOW else 2
    value, low, high, review, accept = (round(one, digits) for one in values)
    return Sums(chosen=value, low=low, high=high, review_all=review, accept_all=accept, digits=digits)


def _error_cost(costs: Costs) -> tuple[float, float]:
    if isinstance(costs.error, tuple):
        classes = range(len(costs.error))
        amounts = [costs.error[truth][answer] for truth in classes for answer in classes if truth != answer]
    else:
        amounts = list(costs.error.values()) if isinstance(costs.error, dict) else [costs.error]
    amounts += costs.miss.values()
    return min(amounts, default=0.0), max(amounts, default=0.0)


def _break_even(costs: Costs) -> int | None:
    """Return how many of OF answers may be wrong before a review pays; None where errors differ or all is free."""
    low, high = _error_cost(costs)
    if low < high or high + costs.needless_review == 0:
        return None
    return round(OF * costs.break_even(high))


def _queue(queue: QueueForecast | None, costs: Costs) -> Queue | None:
    if queue is None or costs.reviewers is None:
        return None
    capacity = costs.reviewers.per_day
    return Queue(round(queue.per_day), capacity, math.floor(PLANNED_LOAD * capacity), round(queue.growth_per_month))


def _promise(certified: Certified) -> PromiseFigures:
    promise = certified.promise
    return PromiseFigures(
        kind=promise.kind,
        limit=round(OF * promise.limit, 2),
        # Upwards, so that what is written is promised as well; the tiny share is for 0.05 * 1000 and the like.
        bound=math.ceil(OF * certified.bound - 1e-9),
        kept=round(100 * promise.confidence, 2),
        rows=certified.rows,
        accepted=certified.accepted,
        wrong=certified.wrong,
        per_class=promise.per_class,
    )
