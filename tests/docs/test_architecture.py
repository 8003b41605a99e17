"""The picture of the wings is the one that the contracts give, and the page names every wing."""

import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "draw_architecture.py"))
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
WINGS = sorted(path.parent.name for path in (ROOT / "src" / "adue").glob("*/__init__.py"))


def test_the_picture_is_drawn_from_the_contracts_as_they_are() -> None:
    drawn = SCRIPT["draw"](SCRIPT["read_house"]())
    assert (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8") == drawn, "run make architecture"


def test_another_contract_gives_another_picture(tmp_path: Path) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    other = tmp_path / "pyproject.toml"
    other.write_text(text.replace('"adue.report | adue.training"', '"adue.report", "adue.training"'), encoding="utf-8")
    floors, before = SCRIPT["read_house"](other).floors, SCRIPT["read_house"]().floors
    assert len(floors) == len(before) + 1
    assert SCRIPT["draw"](SCRIPT["read_house"](other)) != SCRIPT["draw"](SCRIPT["read_house"]())


def test_every_wing_is_in_the_contract_in_the_picture_and_on_the_page() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = " ".join(contracts[0]["layers"])
    assert sorted(re.findall(r"adue\.(\w+)", layers)) == WINGS
    picture = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)) == WINGS
    for wing in WINGS:
        assert f">{wing}</text>" in picture


@pytest.mark.parametrize("path", re.findall(r"`((?:models|research|workflows|heads)/[\w/.]+)`", PAGE))
def test_every_path_on_the_page_is_there(path: str) -> None:
    assert (ROOT / "src" / "adue" / path).exists(), f"docs/architecture.md names {path}, which is not in src/adue"
