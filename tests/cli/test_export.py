"""`adue export` at the terminal."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adue import AdueModel
from adue.cli import app
from tests.support.adapters import fit_quickly
from tests.support.graphs import traced_once
from tests.support.workspace import Workspace

__all__ = ["traced_once"]
pytestmark = pytest.mark.usefixtures("traced_once")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, arguments)], env={"COLUMNS": "200"})


@pytest.fixture
def fitted(space: Workspace) -> Workspace:
    fit_quickly(AdueModel.from_pretrained(space.adapter)).save_pretrained(space.adapter)
    return space


def test_8_bits_are_printed_with_their_cost(fitted: Workspace, tmp_path: Path) -> None:
    result = run(fitted.adapter, "--format", "onnx", "--out", tmp_path / "served", "--int8", "--data", fitted.data)
    assert result.exit_code == 0, result.output
    for words in ("int8", "MB", "80 validation rows", "changed predictions", "accuracy", "AUROC of U", "served"):
        assert words in result.stdout


def test_json_is_one_object_on_standard_output_and_nothing_else(fitted: Workspace, tmp_path: Path) -> None:
    values = json.loads(run(fitted.adapter, "--out", tmp_path / "served", "--json").stdout)
    assert (values["precision"], values["comparison"]) == ("float32", None)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [(("--out", "served"), 1, "has no uncertainty head yet"), ((), 2, "--out"), (("--format", "pt"), 2, "pt")],
)
def test_what_is_wrong_is_said_without_a_traceback(
    space: Workspace, arguments: tuple[str, ...], code: int, words: str
) -> None:
    result = run(space.adapter, *arguments)
    assert (result.exit_code, words in result.stderr) == (code, True)
    assert "Traceback" not in result.output
