"""The Python in README and docs runs as it stands, in a folder as the pages describe it."""

import re
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest

import adue
from tests.support.workspace import Workspace, make_workspace

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[str]:
    return BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    space = make_workspace(tmp_path / "made")
    own = space.copy(tmp_path)
    shutil.copytree(tmp_path / "made" / "base", tmp_path / "my-base")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADUE_CACHE_DIR", str(tmp_path / "cache"))
    return own


def run(page: str) -> dict[str, object]:
    names: dict[str, object] = {}
    for number, block in enumerate(blocks(page), start=1):
        exec(compile(block, f"{page}, block {number}", "exec"), names)
    return names


def test_the_library_page_runs_from_top_to_bottom(folder: Workspace) -> None:
    names = run("docs/library.md")
    assert sorted(names["scores"]) == [  # type: ignore[call-overload]
        "adue",
        "energy",
        "entropy",
        "mahalanobis",
        "margin",
        "relative-mahalanobis",
        "softmax-response",
    ]


@pytest.mark.usefixtures("folder")
def test_the_page_about_texts_runs() -> None:
    assert "model" in run("docs/texts.md")


def test_the_readmes_example_runs_and_has_at_most_15_lines(
    folder: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (folder.data / "train.jsonl").read_text().splitlines()
    rows = [re.match(r'\{"text": "(.*)", "label": "(.*)"\}', line) for line in lines]
    csv = "text,label\n" + "\n".join(f'"{row[1]}",{row[2]}' for row in rows if row)
    Path("my-data.csv").write_text(csv, encoding="utf-8")
    (block,) = blocks("README.md")
    assert len([line for line in block.splitlines() if line.strip()]) <= 15
    run("README.md")
    assert re.search(r"(bad|fine|good): probability \d\.\d\d, uncertainty \d\.\d\d", capsys.readouterr().out)


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_links_between_pages_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


def test_the_changelogs_newest_version_is_the_packages() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == adue.__version__ == version("adue")


def test_the_page_about_decisions_runs_and_its_plan_is_cheaper_than_both_ways_without_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = run("docs/decisions.md")
    plan = names["plan"]
    assert plan.cheapest == "least-cost"  # type: ignore[attr-defined]
    for other in ("accept-all", "review-all"):
        assert plan.outcome("least-cost").cost.value < plan.outcome(other).cost.value  # type: ignore[attr-defined]
    assert "of 1000 go out" in capsys.readouterr().out
