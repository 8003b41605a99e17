"""Every text of the manager's page by name; words in braces are filled with numbers, the same in each language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from adue.decisions.outcomes import OptionName
from adue.decisions.promise import PromiseKind


@dataclass(frozen=True)
class FigureTexts:
    """Names of the parts of both figures, and what a reader who does not see them hears."""

    texts_title: str
    texts_description: str
    count: str
    right: str
    wrong: str
    escalated: str
    people: str
    costs_title: str
    costs_description: str
    chosen: str
    review_all: str
    accept_all: str


@dataclass(frozen=True)
class LineTexts:
    """Where the line is, and why."""

    heading: str
    at: str
    escalate: str
    none: str
    every: str
    why: Mapping[OptionName, str]
    costs: str
    costs_by_class: str
    break_even: str
    never_pays: str
    always_review: str
    unreadable: str


@dataclass(frozen=True)
class SavingTexts:
    """What it costs, and how that compares; `compared` for less, the same and more, against each of two options."""

    heading: str
    cost: str
    against_review_all: tuple[str, str, str]
    against_accept_all: tuple[str, str, str]
    month: str
    queue: str
    queue_full: str
    queue_grows: str


@dataclass(frozen=True)
class PromiseTexts:
    """What is promised, by the name of the promise; `none` where nothing is."""

    heading: str
    names: Mapping[PromiseKind, str]
    sentences: Mapping[PromiseKind, str]
    per_class: str
    kept: str
    evidence: str
    none: str
    until: str
    until_rows: str


@dataclass(frozen=True)
class LimitTexts:
    """What is not promised."""

    heading: str
    average: str
    average_per_class: str
    other_texts: str
    later: str
    later_rows: str
    single: str
    answers_alone: str


@dataclass(frozen=True)
class CallTexts:
    """When to call the engineers."""

    heading: str
    date: str
    date_rows: str
    new_texts: str
    errors_of_all: str
    errors_of_answers: str
    queue: str
    people: str
    costs: str
    refused: str


@dataclass(frozen=True)
class PageTexts:
    """All texts of one language, and how it writes dates, sums of money and lists."""

    lang: str
    document: str
    kicker: str
    headline: str
    headline_escalated: str
    figures: FigureTexts
    meaning_heading: str
    measured: str
    interval: str
    no_answers: str
    uncertainty: str
    line: LineTexts
    saving: SavingTexts
    promise: PromiseTexts
    limits: LimitTexts
    call: CallTexts
    owner: str
    version: str
    made_on: str
    valid_until: str
    fingerprint: str
    comma: str
    write_date: Callable[[date], str]
    write_money: Callable[[str, str], str]
    """From a currency's code and a number."""
