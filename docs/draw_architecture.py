"""Draw docs/architecture.svg from the import contracts in pyproject.toml and the wings' own first lines.

Run it from anywhere after a contract has changed: ``python docs/draw_architecture.py``.
"""

import ast
import re
import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "architecture.svg"

WIDTH, EDGE, GUTTER, GAP = 1120, 32, 64, 16
LEFT, RIGHT = EDGE + GUTTER, WIDTH - EDGE
SIDE = 296
"""Width of the column of the wing that stands apart."""
PADDING, TITLE, LINE, CHIP, ARROW = 16, 30, 18, 24, 18
LETTER = 6.3
"""Width of a letter of the descriptions, in pixels; a little more than most letters take."""
MARKS = ("\N{BLACK CIRCLE}", "\N{BLACK DIAMOND}", "\N{BLACK UP-POINTING TRIANGLE}")

STYLE = """
  .panel { fill: #ffffff; stroke: #d8dee6; }
  .wing { fill: #f3f6fa; stroke: #8aa0b8; stroke-width: 1.2; }
  .apart { fill: #fbf6ee; stroke: #b98a3e; stroke-width: 1.4; stroke-dasharray: 6 4; }
  .chip { fill: #ffffff; stroke: #b5c3d3; }
  .apart-chip { fill: #ffffff; stroke: #d3b88a; }
  .name { fill: #14283c; font: 600 16px system-ui, sans-serif; }
  .text { fill: #40546a; font: 12.5px system-ui, sans-serif; }
  .small { fill: #14283c; font: 12px ui-monospace, monospace; }
  .mark { fill: #2f7d6b; font: 13px system-ui, sans-serif; }
  .arrow { stroke: #5b7086; stroke-width: 2; fill: none; marker-end: url(#head); }
  .fine { stroke: #b98a3e; stroke-width: 1.4; fill: none; marker-end: url(#fine-head); }
  .head { fill: #5b7086; }
  .fine-head { fill: #b98a3e; }
  @media (prefers-color-scheme: dark) {
    .panel { fill: #12181f; stroke: #2c3743; }
    .wing { fill: #1b2530; stroke: #5f7891; }
    .apart { fill: #241f16; stroke: #c79a51; }
    .chip { fill: #12181f; stroke: #43566a; }
    .apart-chip { fill: #12181f; stroke: #77603a; }
    .name, .small { fill: #e8eef5; }
    .text { fill: #b3c0ce; }
    .mark { fill: #6cc5b0; }
    .arrow { stroke: #8ba0b6; }
    .fine { stroke: #c79a51; }
    .head { fill: #8ba0b6; }
    .fine-head { fill: #c79a51; }
  }
"""


@dataclass(frozen=True)
class Chip:
    """A module inside a wing: its place, and whether the modules before it stand one floor higher."""

    name: str
    x: float
    row: int
    begins_floor: bool

    @property
    def start(self) -> float:
        """Where it begins, behind the arrow that leads down to its floor."""
        return self.x + (ARROW if self.begins_floor else 0)

    @property
    def width(self) -> float:
        """How wide it is."""
        return 7.3 * len(self.name) + 18

    @property
    def end(self) -> float:
        """Where it ends."""
        return self.start + self.width


@dataclass(frozen=True)
class Wing:
    """A wing: what its first line says of it, its modules by floor, and the marks of contracts that it is under."""

    name: str
    says: str
    floors: tuple[tuple[str, ...], ...]
    marks: str

    def lines(self, width: float) -> list[str]:
        """Return what is said of the wing, in lines that fit into a box of this width."""
        return textwrap.wrap(self.says, int((width - 2 * PADDING) / LETTER))

    def height(self, width: float) -> float:
        """Return how high a box of this width has to be."""
        rows = 1 + self.chips(width)[-1].row if self.floors else 0
        return TITLE + LINE * len(self.lines(width)) + (CHIP + 8) * rows + PADDING

    def chips(self, width: float) -> list["Chip"]:
        """Return where its modules stand, floor after floor, in rows that fit into a box of this width."""
        chips: list[Chip] = []
        x, row = 0.0, 0
        for floor in self.floors:
            for place, name in enumerate(floor):
                chip = Chip(name, x, row, begins_floor=place == 0 and bool(chips))
                if chips and chip.end > width - 2 * PADDING:
                    row += 1
                    chip = replace(chip, x=0.0, row=row)
                chips.append(chip)
                x = chip.end + 8
        return chips


@dataclass(frozen=True)
class House:
    """What the contracts say: floors of wings from the top, the wing that stands apart, and words for the legend."""

    rule: str
    floors: tuple[tuple[Wing, ...], ...]
    apart: Wing
    above: int
    """How many floors may use the wing that stands apart."""
    apart_rule: str
    legend: tuple[str, ...]


def read_house(pyproject: Path = ROOT / "pyproject.toml") -> House:
    """Return the wings as the import contracts and the packages' docstrings describe them."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    wings = next(one for one in contracts if one["type"] == "layers" and "containers" not in one)
    inside = {_short(box): _floors(one) for one in contracts for box in one.get("containers", ())}
    forbidden = [one for one in contracts if one["type"] == "forbidden"]
    apart_contract = next(one for one in forbidden if one["forbidden_modules"][0].startswith("adue."))
    apart = _short(apart_contract["forbidden_modules"][0])
    of_wings = [one for one in forbidden if one is not apart_contract and any(map(_is_wing, one["source_modules"]))]
    marked = dict(zip(MARKS, of_wings, strict=False))

    def wing(name: str) -> Wing:
        marks = "".join(mark for mark, one in marked.items() if f"adue.{name}" in one["source_modules"])
        return Wing(name, _first_line(name), inside.get(name, ()), marks)

    floors = _floors(wings)
    above = next(index for index, floor in enumerate(floors) if apart in floor)
    product = [[name for name in floor if name != apart] for floor in floors]
    return House(
        rule=wings["name"],
        floors=tuple(tuple(map(wing, floor)) for floor in product if floor),
        apart=wing(apart),
        above=above,
        apart_rule=apart_contract["name"],
        legend=(
            *(f"{mark} {one['name']}: no {', '.join(one['forbidden_modules'])}" for mark, one in marked.items()),
            "\N{RIGHTWARDS ARROW} Inside a wing: what stands before an arrow may use what stands behind it",
        ),
    )


def draw(house: House) -> str:
    """Return the picture as an SVG document."""
    parts: list[str] = []
    tops: list[float] = []
    y = float(EDGE)
    for index, floor in enumerate(house.floors):
        last = index == len(house.floors) - 1
        right = RIGHT if index < house.above or last else RIGHT - SIDE - 2 * GAP
        width = (right - LEFT - GAP * (len(floor) - 1)) / len(floor)
        height = max(wing.height(width) for wing in floor)
        for place, wing in enumerate(floor):
            parts += _box(wing, LEFT + place * (width + GAP), y, width, height)
        tops.append(y)
        y += height + GAP
    bottom = y - GAP
    parts += _side(house, tops)
    turned = f"translate({EDGE + 18} {(EDGE + bottom) / 2:g}) rotate(-90)"
    parts += [
        f'<path class="arrow" d="M {EDGE + 34} {EDGE + 4} V {bottom - 8:g}"/>',
        f'<text class="text" text-anchor="middle" transform="{turned}">{escape(house.rule)}</text>',
    ]
    for line in house.legend:
        y += LINE
        parts.append(f'<text class="text" x="{LEFT}" y="{y - 8:g}">{_mark_first(line)}</text>')
    return _document("\n".join(parts), y + EDGE / 2, house)


def _side(house: House, tops: Sequence[float]) -> Iterator[str]:
    """Draw the wing that stands apart: beside the floors that it may use, below those that may use it."""
    top, bottom, x = tops[house.above], tops[-1] - GAP, RIGHT - SIDE
    yield from _box(house.apart, x, top, SIDE, bottom - top, look="apart", note=house.apart_rule)
    for here, below in zip(tops[house.above : -1], tops[house.above + 1 :], strict=True):
        y = (here + below - GAP) / 2
        yield f'<path class="fine" d="M {x} {y:g} H {x - 2 * GAP + 8}"/>'
    yield f'<path class="fine" d="M {x + SIDE / 2:g} {top - GAP} V {top - 5:g}"/>'
    yield f'<path class="fine" d="M {x + SIDE / 2:g} {bottom} V {bottom + GAP - 5:g}"/>'


def _box(
    wing: Wing, x: float, y: float, width: float, height: float, *, look: str = "wing", note: str = ""
) -> Iterator[str]:
    yield f'<rect class="{look}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="9"/>'
    yield f'<text class="name" x="{x + PADDING:g}" y="{y + 24:g}">{wing.name}</text>'
    if wing.marks:
        end = x + width - PADDING
        yield f'<text class="mark" text-anchor="end" x="{end:g}" y="{y + 23:g}">{wing.marks}</text>'
    at = y + TITLE
    for line in wing.lines(width):
        at += LINE
        yield f'<text class="text" x="{x + PADDING:g}" y="{at - 4:g}">{escape(line)}</text>'
    at += 8
    for chip in wing.chips(width):
        yield from _chip(chip, x + PADDING, at + (CHIP + 8) * chip.row, "chip" if look == "wing" else "apart-chip")
    for number, line in enumerate(reversed(textwrap.wrap(note, int((width - 2 * PADDING) / LETTER)))):
        at = y + height - PADDING - LINE * number
        yield f'<text class="text" x="{x + PADDING:g}" y="{at:g}">{escape(line)}</text>'


def _chip(chip: Chip, x: float, y: float, look: str) -> Iterator[str]:
    if chip.begins_floor:
        yield f'<text class="text" x="{x + chip.x:g}" y="{y + 16:g}">\N{RIGHTWARDS ARROW}</text>'
    start, middle = x + chip.start, x + chip.start + chip.width / 2
    yield f'<rect class="{look}" x="{start:g}" y="{y:g}" width="{chip.width:g}" height="{CHIP}" rx="12"/>'
    yield f'<text class="small" text-anchor="middle" x="{middle:g}" y="{y + 16:g}">{chip.name}</text>'


def _document(body: str, height: float, house: House) -> str:
    arrows = "\n".join(
        f'<marker id="{name}" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
        f'<path class="{name}" d="M 0 0 L 8 4 L 0 8 z"/></marker>'
        for name in ("head", "fine-head")
    )
    names = ", ".join(" and ".join(wing.name for wing in floor) for floor in house.floors)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
        f'height="{height:g}" role="img" aria-labelledby="title about">\n'
        f'<title id="title">The wings of adue</title>\n<desc id="about">{escape(house.rule)}. From the top: {names}; '
        f"{house.apart.name} stands apart. {escape(house.apart_rule)}.</desc>\n<style>{STYLE}</style>\n"
        f"<defs>\n{arrows}\n</defs>\n"
        f'<rect class="panel" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:g}" rx="14"/>\n{body}\n</svg>\n'
    )


def _mark_first(line: str) -> str:
    mark, _, words = line.partition(" ")
    return f'<tspan class="mark">{mark}</tspan> {escape(words)}'


def _floors(contract: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return the modules of each layer, without the brackets of those that may be missing."""
    layers = (re.split(r"\s*[|:]\s*", layer) for layer in contract["layers"])
    return tuple(tuple(_short(name.strip("() ")) for name in layer) for layer in layers)


def _short(name: str) -> str:
    return name.removeprefix("adue.")


def _is_wing(module: str) -> bool:
    return "." not in _short(module)


def _first_line(wing: str) -> str:
    source = (ROOT / "src" / "adue" / wing / "__init__.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


if __name__ == "__main__":
    PICTURE.write_text(draw(read_house()), encoding="utf-8")
