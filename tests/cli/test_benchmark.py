"""`adue benchmark` as a person sees it."""

import json
from pathlib import Path

import pytest

from adue.research.benchmark.folders import Folders
from tests.cli.test_commands import run
from tests.research.benchmark.conftest import Ground, finished, ground

__all__ = ["finished", "ground"]


def test_tables_are_written_from_the_rows_that_are_there(ground: Ground, finished: Folders, tmp_path: Path) -> None:
    config = ground.write(tmp_path / "c.yaml")
    result = run("benchmark", config, "--out", finished.root, "--render-only")
    assert result.exit_code == 0, result.output
    for words in ("24 rows", "softmax-response", "against softmax response 0/4/0", "tables.html"):
        assert words in result.stdout
    values = json.loads(run("benchmark", config, "--out", finished.root, "--render-only", "--json").stdout)
    assert (values["rows"], values["failures"]) == (24, [])
    assert all(Path(path).is_file() for path in values["files"])


def test_tables_show_the_methods_of_the_file_beside_those_that_alone_were_run(
    ground: Ground, finished: Folders, tmp_path: Path
) -> None:
    config = ground.write(tmp_path / "c.yaml", methods=["entropy"])
    result = run("benchmark", config, "--out", finished.root, "--json", "--workers", 1, "--method", "margin")
    assert {one["method"] for one in json.loads(result.stdout)["ranking"]} == {"softmax-response", "entropy", "margin"}


def test_tables_alone_can_be_of_some_methods_only(ground: Ground, finished: Folders, tmp_path: Path) -> None:
    config = ground.write(tmp_path / "c.yaml")
    options = ("--out", finished.root, "--render-only", "--json", "--method", "entropy")
    ranking = json.loads(run("benchmark", config, *options).stdout)["ranking"]
    assert {one["method"] for one in ranking} == {"softmax-response", "entropy"}


def test_what_could_not_be_run_ends_with_1_and_the_tables_all_the_same(
    ground: Ground, finished: Folders, tmp_path: Path
) -> None:
    values = ground.config().to_dict()
    config = ground.write(tmp_path / "c.yaml", data_sets=values["data_sets"] | {"gone": {"source": "gone.csv"}})
    result = run("benchmark", config, "--out", finished.root, "--workers", 1)
    assert result.exit_code == 1
    assert "bert/gone: there is no file gone.csv" in result.stderr
    assert "tables.md" in result.stdout


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"methods": ["luck"]}, "there is no method or group called 'luck'; the groups are outputs"),
        ({"models": {}}, "models: "),
    ],
)
def test_a_configuration_that_cannot_be_used_is_one_line(
    ground: Ground, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    result = run("benchmark", ground.write(tmp_path / "c.yaml", **changes), "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
