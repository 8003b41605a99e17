"""The critical-difference picture of Demsar 2006: mean ranks on a line, bars over those that do not differ."""

from collections.abc import Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

WIDTH, MARGIN, LABEL, ROW, TOP = 960, 24, 300, 18, 74
ENVIRONMENT = Environment(
    loader=PackageLoader("adue.research.benchmark"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Mark:
    """A method on the picture: its place on the axis, and where its name stands."""

    name: str
    rank: float
    x: float
    y: float
    left: bool


@dataclass(frozen=True)
class Bar:
    """A line under methods whose ranks do not differ significantly."""

    x1: float
    x2: float
    y: float


def cliques(ranks: list[float], critical: float) -> list[tuple[int, int]]:
    """Return the first and last of every largest group whose ranks, sorted, lie within `critical` of each other.

    >>> cliques([1.0, 1.5, 2.4, 4.0], critical=1.0)
    [(0, 1), (1, 2)]
    """
    reach = [
        max(other for other, rank in enumerate(ranks) if rank - ranks[first] <= critical) for first in range(len(ranks))
    ]
    groups = [(first, last) for first, last in enumerate(reach) if last > first]
    return [(first, last) for first, last in groups if not any(f < first and last <= to for f, to in groups)]


def critical_difference_svg(ranks: Mapping[str, float], critical: float, title: str) -> str:
    """Return the picture as an SVG document that needs nothing else."""
    names = sorted(ranks, key=lambda name: ranks[name])
    values = [ranks[name] for name in names]
    highest = max(2, len(names))
    scale = (WIDTH - 2 * LABEL) / (highest - 1)
    bars = [
        Bar(LABEL + scale * (values[first] - 1) - 3, LABEL + scale * (values[last] - 1) + 3, TOP + 10 + 7 * number)
        for number, (first, last) in enumerate(cliques(values, critical))
    ]
    below = TOP + 24 + 7 * len(bars)
    half = (len(names) + 1) // 2
    marks = [
        Mark(
            name,
            ranks[name],
            LABEL + scale * (ranks[name] - 1),
            below + ROW * (number if number < half else len(names) - 1 - number),
            number < half,
        )
        for number, name in enumerate(names)
    ]
    return ENVIRONMENT.get_template("critical-difference.svg.j2").render(
        title=title,
        width=WIDTH,
        height=below + ROW * half + MARGIN,
        axis=TOP,
        first=LABEL,
        last=WIDTH - LABEL,
        margin=MARGIN,
        ticks=[(rank, LABEL + scale * (rank - 1)) for rank in _ticks(highest)],
        marks=marks,
        bars=bars,
        critical=critical,
        critical_width=min(scale * critical, WIDTH - 2 * LABEL),
    )


def _ticks(highest: int) -> list[int]:
    step = max(1, highest // 10)
    return list(range(1, highest + 1, step))
