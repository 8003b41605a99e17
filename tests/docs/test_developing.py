"""Every file that docs/developing.md sends a reader to is there, and holds what the page says it holds."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "developing.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")
ROW = re.compile(r"^\| (an? [^|]+) \| `([^`|]+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
ROWS = [(change, path, CODE.findall(names)) for change, path, names, _ in ROW.findall(PAGE)]
PROSE = re.sub(r"^```.*?^```", "", PAGE, flags=re.MULTILINE | re.DOTALL)
PATHS = sorted({word for word in CODE.findall(PROSE) if re.fullmatch(r"(src|tests|docs)/[a-z\d_/.-]+", word)})
WANTED = (
    "a score",
    "an architecture",
    "a file format",
    "a loss term",
    "a column",
    "a chart",
    "a stored number that old files lack",
    "a command",
    "a named data set",
    "a method of the comparison",
)


def names_in(path: Path) -> set[str]:
    """Return the names that a file defines, assigns or imports at its top level."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("change", WANTED)
def test_each_common_change_has_its_row(change: str) -> None:
    assert any(row.startswith(change) for row, _, _ in ROWS), f"docs/developing.md has no row 'to add {change}'"


@pytest.mark.parametrize(("change", "path", "names"), ROWS, ids=[row[0] for row in ROWS])
def test_the_file_to_open_is_there_and_holds_the_names_beside_it(change: str, path: str, names: list[str]) -> None:
    file = ROOT / path
    assert file.is_file(), f"docs/developing.md: to add {change}, open {path}, which is not there; name the new file"
    assert names, f"docs/developing.md: to add {change}: say what to look for in {path}"
    for name in names:
        assert name in names_in(file), f"docs/developing.md: to add {change}, look for {name} in {path}: not there"


@pytest.mark.parametrize("path", PATHS)
def test_every_other_path_on_the_page_is_there(path: str) -> None:
    assert (ROOT / path).exists(), f"docs/developing.md names {path}, which is not there"


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([\w-]+)`", PAGE))))
def test_every_make_command_on_the_page_is_in_the_makefile(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), target
