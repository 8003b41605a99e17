"""What a plan says: the options side by side, what each costs, and how far that may change."""

from typing import Literal

from pydantic import Field

from adue.decisions.promise import Certified, Refusal
from adue.foundation.config import Fraction, FrozenConfig

OptionName = Literal["accept-all", "review-all", "least-cost", "errors-let-through", "accepted-error", "review-share"]
"""The options of a plan: two that need no threshold, the one of least cost, and one per promise."""


PER = 1000
"""Texts that a cost is given for."""


class Interval(FrozenConfig):
    """A number measured on the labelled rows, with its 95 % interval over draws of them."""

    value: float
    low: float
    high: float


class Outcome(FrozenConfig):
    """What comes of one option on the labelled rows.

    Attributes
    ----------
    threshold, escalate
        Answers with ``u <= threshold`` go out; of the rest those with ``u <= escalate`` go to the dearer model, and
        what is left to a person. None where nothing goes that way.
    rows, accepted, escalated
        Labelled rows, and how many of them go out and go to the dearer model; all others are read by a person.
    wrong
        Accepted rows whose answer is wrong.
    accepted_error
        Share of the accepted rows that are wrong; None where none is accepted.
    cost
        Per 1,000 texts.
    cost_per_month
        None where the costs do not say how many texts come in a month.
    threshold_interval
        Where the threshold lies when it is chosen again on each draw, at both ends of the 95 % interval; None where
        there is no threshold, or some draws accept nothing.
    certified, refusal
        What is promised, or why nothing is; both None for options without a promise.
    by_class
        The same for each predicted class by itself, where the promise is made per class.
    """

    option: OptionName
    threshold: float | None
    escalate: float | None = None
    rows: int
    accepted: int
    escalated: int = 0
    wrong: int
    coverage: Interval
    accepted_error: Interval | None
    cost: Interval
    cost_per_month: Interval | None
    threshold_interval: tuple[float, float] | None = None
    certified: Certified | None = None
    refusal: Refusal | None = None
    by_class: tuple[Certified | Refusal, ...] = ()

    @property
    def reviewed(self) -> int:
        """Labelled rows that a person reads."""
        return self.rows - self.accepted - self.escalated


class CostRange(FrozenConfig):
    """How far one cost may change, all others as they are, before another option costs less.

    Attributes
    ----------
    cost
        Which one.
    low, high
        As factors of its present value; None where no change in that direction makes another option the cheapest.
    below, above
        The option that costs less from there on.
    """

    cost: Literal["error", "review", "needless_review"]
    low: float | None
    high: float | None
    below: OptionName | None = None
    above: OptionName | None = None


class ClassOutcome(FrozenConfig):
    """One predicted class under the option that was chosen; `bound` is the exact upper one of its accepted error."""

    name: str
    rows: int
    accepted: int
    wrong: int
    bound: Fraction | None
    """None where no row of it is accepted."""


class SegmentOutcome(FrozenConfig):
    """One value of the column that the plan is made by.

    Attributes
    ----------
    threshold, cost
        Under a threshold of its own, and what 1,000 of its texts then cost on rows that did not choose it.
    common_cost
        What they cost under the common threshold, on the same rows.
    pays
        Whether its own threshold is cheaper by more than chance explains.
    rows_needed
        About how many labelled rows of it would show a difference of this size; None where there is none.
    """

    name: str
    rows: int
    threshold: float | None
    cost: float
    common_cost: float
    saving: Interval
    """Per 1,000 texts; above 0 where its own threshold is cheaper."""
    pays: bool
    rows_needed: int | None = None


class QueueForecast(FrozenConfig):
    """What the texts for people come to, against what they can read.

    Attributes
    ----------
    per_day
        Texts for people on a working day.
    load
        As a share of the reviewers' capacity.
    planned
        Whether that is at most what to plan for.
    backlog
        Mean length of the queue at the end of a working day; None where it grows without end.
    growth_per_month
        By how many texts the queue grows in a month where they are more than can be read; else 0.
    """

    per_day: float
    load: float = Field(ge=0)
    planned: bool
    backlog: float | None
    growth_per_month: float


class Plan(FrozenConfig):
    """The options side by side.

    Attributes
    ----------
    rows, errors, held
        Labelled rows, the wrong answers among them, and rows whose answers never go out.
    outcomes
        In the order of OptionName; a promise that was refused has an outcome in which nothing is accepted.
    cheapest
        The option of least cost among those that promise nothing or keep their promise.
    break_even
        Probability of an error from which on a review pays, by the mean cost of an error; it never does where that is
        above 1, or None because errors cost nothing.
    cost_ranges
        Of the cheapest option.
    classes
        Under the cheapest option, per predicted class.
    queue
        By option; empty where the costs name no reviewers or no texts per month.
    escalation_note
        Whether escalating pays, in one line; None where there is nothing to escalate to.
    """

    rows: int
    errors: int
    held: int
    currency: str
    outcomes: tuple[Outcome, ...]
    cheapest: OptionName
    break_even: float | None
    cost_ranges: tuple[CostRange, ...] = ()
    classes: tuple[ClassOutcome, ...] = ()
    segments: tuple[SegmentOutcome, ...] = ()
    queue: dict[OptionName, QueueForecast] = Field(default_factory=dict)
    escalation_note: str | None = None

    def outcome(self, option: OptionName) -> Outcome:
        """Return the outcome of `option`."""
        return next(one for one in self.outcomes if one.option == option)
