"""`adue verify` at a terminal: 0 for the same answers, 1 for others, 2 where nothing can be compared."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adue.cli import app
from tests.support.workspace import Workspace

FAST = ("--preset", "paper", "--grid", "fast", "--max-epochs", "2")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


@pytest.fixture
def fitted(space: Workspace) -> Workspace:
    assert run("fit", space.adapter, "--data", space.data, *FAST).exit_code == 0
    return space


def set_alpha(space: Workspace, alpha: int) -> None:
    path = space.adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"lora_alpha": alpha}))


def test_the_same_answers_exit_0_and_say_how_many_rows_were_found(fitted: Workspace) -> None:
    result = run("verify", fitted.adapter, "--data", fitted.data)
    assert result.exit_code == 0
    for words in (
        "12 of 12",
        "the answers agree",
        "transformers",
        "changed since",
        "float32, not merged, torch on cpu",
    ):
        assert words in result.stdout
    values = json.loads(run("verify", fitted.adapter, "--data", fitted.data, "--json").stdout)
    assert (values["agrees"], values["stored"], len(values["rows"])) == (True, 12, 12)


def test_other_answers_exit_1_and_list_each_row_by_its_number(fitted: Workspace) -> None:
    set_alpha(fitted, 9)
    result = run("verify", fitted.adapter, "--data", fitted.data)
    assert result.exit_code == 1
    assert "the answers differ" in result.stdout
    assert "lora_alpha 8 to 9" in result.stdout
    values = json.loads(run("verify", fitted.adapter, "--data", fitted.data, "--json").stdout)
    for row in values["rows"]:
        assert f"{row['split']}, row {row['row']}: {row['label_then']}" in result.stdout


def test_what_cannot_be_compared_exits_2(fitted: Workspace, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("text\nunheard of\n")
    config = fitted.adapter / "adue_config.json"
    values = json.loads(config.read_text())
    tries = [
        (("verify", fitted.adapter, "--data", tmp_path / "other.csv"), "none of the 12 rows"),
        (("verify", fitted.adapter), "--data"),
        (("verify", fitted.adapter, "--data", fitted.data, "--base-model", "/gone"), "there is no folder '/gone'"),
    ]
    for arguments, words in tries:
        result = run(*arguments)
        assert (result.exit_code, words in result.output) == (2, True), result.output
    answers = fitted.adapter / "adue_answers.json"
    content = answers.read_bytes()
    for damaged in (content[:-9], content.replace(b"0.", b"1.", 1), None):
        answers.unlink() if damaged is None else answers.write_bytes(damaged)
        result = run("verify", fitted.adapter, "--data", fitted.data)
        assert result.exit_code == 2
        assert "adue_answers.json" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
    config.write_text(json.dumps(values | {"answers_sha256": None}))
    result = run("verify", fitted.adapter, "--data", fitted.data)
    assert result.exit_code == 2
    assert "no answers are stored with the head, which an older adue fitted; fit the head again" in result.stderr


def test_predict_refuses_what_answers_otherwise_unless_it_is_asked_not_to(fitted: Workspace, tmp_path: Path) -> None:
    set_alpha(fitted, 9)
    arguments = ("predict", fitted.adapter, fitted.test_file, "--out", tmp_path / "o.csv", "--prefix", "p_")
    refused = run(*arguments)
    assert refused.exit_code == 1
    assert "adapter_config.json is not as when the head was fitted: lora_alpha 8 to 9" in refused.stderr
    assert run(*arguments, "--no-check-answers").exit_code == 0


def test_info_says_what_is_stored(fitted: Workspace) -> None:
    assert "12 rows, by adue" in run("info", fitted.adapter).stdout
    assert json.loads(run("info", fitted.adapter, "--json").stdout)["answers"]["rows"] == 12
    (fitted.adapter / "adue_answers.json").unlink()
    assert "adue_answers.json" in json.loads(run("info", fitted.adapter, "--json").stdout)["problem"]
