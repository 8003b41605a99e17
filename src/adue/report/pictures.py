"""The shapes of the manager's two figures: a field of marks, one for each text, and bars of cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from adue.report.decision_figures import Figures
from adue.report.numbers import plain
from adue.report.texts.page_texts import FigureTexts

ROWS = 20
CELL = 10
"""Units of the drawing that a mark takes, with the space around it."""
BAR_WIDTH = 100.0
"""Units of the drawing of the longest bar."""

MARKS = {
    "right": "h7v7h-7z",
    # A cross, so that the wrong ones are seen without colour.
    "wrong": "l3.5 2.3l3.5-2.3l-2.3 3.5l2.3 3.5l-3.5-2.3l-3.5 2.3l2.3-3.5z",
    "escalated": "h7l-3.5 7z",
    "people": "h7v7h-7zm2 2v3h3v-3z",
}
"""Each mark as an SVG path from its upper left corner; that for people is a frame."""


@dataclass(frozen=True)
class Group:
    """Texts that meet the same end: their name, number as written, and marks as an SVG path."""

    kind: str
    name: str
    count: str
    path: str


@dataclass(frozen=True)
class Bar:
    """An option's name, its cost as written, and its length."""

    name: str
    cost: str
    length: float


def text_groups(figures: Figures, words: FigureTexts) -> list[Group]:
    """Return the groups of OF texts in the order in which they fill the field, column by column; none that is empty."""
    counts = {
        "right": (words.right, figures.right),
        "wrong": (words.wrong, figures.wrong),
        "escalated": (words.escalated, figures.escalated),
        "people": (words.people, figures.people),
    }
    ends = accumulate((number for _, number in counts.values()), initial=0)
    return [
        Group(kind, name, words.count.format(count=plain(number)), _path(range(start, end), MARKS[kind]))
        for (kind, (name, number)), (start, end) in zip(counts.items(), pairwise(ends), strict=True)
        if number > 0 or kind != "escalated"
    ]


def cost_bars(options: Sequence[tuple[str, float, str]]) -> list[Bar]:
    """Return a bar per option from its name, cost and cost as written; the dearest is BAR_WIDTH long."""
    dearest = max(amount for _, amount, _ in options)
    return [
        Bar(name, written, round(BAR_WIDTH * amount / dearest, 2) if dearest > 0 else 0.0)
        for name, amount, written in options
    ]


def _path(places: Iterable[int], mark: str) -> str:
    return "".join(f"M{CELL * (place // ROWS)} {CELL * (place % ROWS)}{mark}" for place in places)
