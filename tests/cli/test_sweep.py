"""`adue sweep` at the terminal."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adue.cli import app
from tests.support.workspace import Workspace


def run(space: Workspace, out: Path, *arguments: object) -> Result:
    given = ("sweep", space.adapter, "--data", space.data, "--out", out, "--seeds", 1, "--max-epochs", 1, *arguments)
    return CliRunner().invoke(app, [str(one) for one in given], env={"COLUMNS": "200"})


def test_it_prints_what_follows_and_where_the_files_are(space: Workspace, tmp_path: Path) -> None:
    result = run(space, tmp_path / "out")
    assert result.exit_code == 0, result.output
    for words in ("Defaults that follow from 80 validation rows", "What matters most is", "sweep.csv", "sweep.html"):
        assert words in result.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"sweep.csv", "sweep.html", "sweep.md", "sweep.json"}


def test_json_is_one_object_on_standard_output_and_nothing_else(space: Workspace, tmp_path: Path) -> None:
    values = json.loads(run(space, tmp_path / "out", "--json", "--score", "entropy", "--train-rows", 100).stdout)
    assert values["defaults"]["sharpness"] is None
    assert values["heads"] == 100 + 27 * (values["trials"] - 1)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [(("--sharpness", "-1"), 2, "sharpness"), (("--seeds", "0"), 2, "seeds"), (("--data", "gone.csv"), 1, "no file")],
)
def test_what_is_wrong_is_said_without_a_traceback(
    space: Workspace, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = run(space, tmp_path / "out", *arguments)
    assert (result.exit_code, words in result.stderr) == (code, True)
    assert "Traceback" not in result.output
