"""What is put around texts, from the command line to what is kept with adapter and head."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adue.cli import app
from tests.support.workspace import Workspace


def kept(adapter: Path) -> dict[str, object]:
    config = json.loads((adapter / "adue_config.json").read_text())
    reading: dict[str, object] = config["provenance"]["reading"]
    return reading


def test_what_the_training_record_says_is_kept_and_what_is_given_goes_before_it(space: Workspace) -> None:
    record = space.adapter / "adue_training.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"reading": {"prefix": "a ", "suffix": " b"}}))
    asked = ["fit", str(space.adapter), "--data", str(space.data), "--text-suffix", "[SEP]"]
    assert CliRunner().invoke(app, asked).exit_code == 0
    found = kept(space.adapter)
    assert (found["prefix"], found["suffix"], found["pairs"]) == ("a ", "[SEP]", False)
    shown = CliRunner().invoke(app, ["info", str(space.adapter)]).stdout
    assert "'a '" in shown
    assert "'[SEP]'" in shown


def test_predict_reads_as_the_head_was_fitted_without_being_told(space: Workspace, tmp_path: Path) -> None:
    asked = ["fit", str(space.adapter), "--data", str(space.data)]
    source = tmp_path / "rows.csv"
    source.write_text("text\ngood film\nbad plot\nnot very good\n")
    answers = []
    for more in ([], ["--text-prefix", "hate hate hate "]):
        assert CliRunner().invoke(app, [*asked, *more]).exit_code == 0
        out = tmp_path / "out.jsonl"
        assert CliRunner().invoke(app, ["predict", str(space.adapter), str(source), "--out", str(out)]).exit_code == 0
        answers.append([json.loads(line)["probability"] for line in out.read_text().splitlines()])
    assert answers[0] != answers[1]


def test_a_suffix_that_is_cut_off_is_said(space: Workspace) -> None:
    asked = ["fit", str(space.adapter), "--data", str(space.data), "--max-length", "5", "--text-suffix", " [SEP]"]
    result = CliRunner().invoke(app, [*asked, "--json"])
    assert result.exit_code == 0, result.stderr
    notes = json.loads(result.stdout)["notes"]
    assert "what goes behind a text (suffix, end of a chat) is lost where the text was cut" in notes


@pytest.mark.parametrize("command", ["fit", "train"])
def test_a_chat_template_that_is_not_there_is_one_line(space: Workspace, tmp_path: Path, command: str) -> None:
    asked = [command, str(space.adapter)] if command == "fit" else [command, "--model", str(tmp_path / "base")]
    if command == "train":
        base = json.loads((space.adapter / "adapter_config.json").read_text())["base_model_name_or_path"]
        asked = [command, "--model", base, "--out", str(tmp_path / "new")]
    result = CliRunner().invoke(app, [*asked, "--data", str(space.data), "--chat-template", "message"])
    assert result.exit_code == 1
    assert "chat template cannot be used" in result.stderr.replace("\n", " ")


def test_train_writes_down_what_is_put_around_texts(space: Workspace, tmp_path: Path) -> None:
    base = json.loads((space.adapter / "adapter_config.json").read_text())["base_model_name_or_path"]
    out = tmp_path / "new"
    asked = ["train", "--model", base, "--data", str(space.data), "--out", str(out), "--epochs", "1", "--text-prefix"]
    result = CliRunner().invoke(app, [*asked, "the "])
    assert result.exit_code == 0, result.stderr
    record = json.loads((out / "adue_training.json").read_text())
    assert record["reading"] == record["settings"]["reading"] | {"pairs": False}
    assert record["reading"]["prefix"] == "the "
