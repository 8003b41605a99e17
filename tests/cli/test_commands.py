"""What a person at a terminal sees: output, exit codes, one-line errors."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import adue
from adue.cli import app
from adue.foundation.config import FORMAT_VERSION
from tests.support.adapters import save_tiny_adapter
from tests.support.tiny import save_tiny_base
from tests.support.workspace import Workspace

FAST = ("--preset", "paper", "--grid", "fast", "--max-epochs", "2")


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin, env={"COLUMNS": "200"})


@pytest.fixture
def fitted(space: Workspace) -> Workspace:
    assert run("fit", space.adapter, "--data", space.data, *FAST).exit_code == 0
    return space


def test_the_version_is_the_packages() -> None:
    assert run("--version").stdout.strip() == f"adue {adue.__version__}"


def test_fit_prints_what_it_gained_on_validation(space: Workspace) -> None:
    result = run("fit", space.adapter, "--data", space.data, *FAST)
    assert result.exit_code == 0
    for words in ("validation AUROC", "softmax response", "gain", str(space.adapter.name)):
        assert words in result.stdout


def test_json_is_one_object_on_standard_output_and_nothing_else(space: Workspace) -> None:
    result = run("fit", space.adapter, "--data", space.data, *FAST, "--json")
    values = json.loads(result.stdout)
    assert values["grid_points"] == 4
    assert values["config"]["settings"]["max_epochs"] == 2
    assert values["device"] == "cpu"


def test_how_much_of_a_text_is_read_and_how_many_were_cut_is_said_by_every_command(
    space: Workspace, tmp_path: Path
) -> None:
    cut = "texts were cut at 5 tokens"
    fitted = run("fit", space.adapter, "--data", space.data, "--max-length", 5)
    assert "up to 5 tokens, from --max-length" in fitted.stdout
    assert f"{cut} (--max-length)" in " ".join(fitted.stdout.split())
    evaluated = run("evaluate", space.adapter, "--data", space.data, "--resamples", 100)
    assert "texts read: up to 5 tokens, from adue_config.json" in evaluated.stdout
    assert f"{cut} (adue_config.json)" in evaluated.stdout
    predicted = run("predict", space.adapter, space.test_file, "--out", tmp_path / "out.jsonl", "--prefix", "p_")
    assert f"{cut} (adue_config.json)" in " ".join(predicted.stdout.split())
    assert "up to 5 tokens, from adue_config.json" in run("info", space.adapter).stdout


def test_windows_are_asked_for_once_and_remembered(space: Workspace) -> None:
    assert run("fit", space.adapter, "--data", space.data, "--stride", 2).exit_code == 2
    windows = ("--max-length", 6, "--long-texts", "windows", "--stride", 2, "--json")
    values = json.loads(run("fit", space.adapter, "--data", space.data, *windows).stdout)
    assert (values["texts_cut"], values["limit"]["tokens"]) == ({"train": 0, "validation": 0}, 6)
    assert "in windows of 6 tokens, of which 2 are shared" in run("info", space.adapter).stdout
    values = json.loads(run("evaluate", space.adapter, "--data", space.data, "--resamples", 100, "--json").stdout)
    assert values["sets"][0]["texts_cut"] == 0
    assert values["config"]["provenance"]["reading"]["long_texts"] == "windows"


def test_the_score_asked_for_is_the_score_fitted(space: Workspace) -> None:
    result = run("fit", space.adapter, "--data", space.data, *FAST[2:], "--score", "log_smoothmax", "--json")
    assert json.loads(result.stdout)["config"]["settings"]["score"] == "log_smoothmax"


def test_classes_that_nobody_named_are_named_once_and_remembered(space: Workspace, tmp_path: Path) -> None:
    adapter = save_tiny_adapter(tmp_path / "unnamed", "bert", num_labels=3)
    unnamed = run("fit", adapter, "--data", space.data, *FAST)
    assert "which the model does not know (it knows: LABEL_0, LABEL_1, LABEL_2)" in unnamed.stderr
    assert run("fit", adapter, "--data", space.data, *FAST, "--labels", "bad,fine,good").exit_code == 0
    assert run("evaluate", adapter, "--data", space.data, "--resamples", 100).exit_code == 0


def test_a_wrong_number_of_names_is_refused(space: Workspace) -> None:
    result = run("fit", space.adapter, "--data", space.data, "--labels", "bad,good")
    assert (result.exit_code, "3 classes, but 2 names" in result.stderr) == (1, True)


def test_by_default_fit_trains_no_grid_of_heads(space: Workspace) -> None:
    values = json.loads(run("fit", space.adapter, "--data", space.data, "--json").stdout)
    assert values["grid_points"] == 0
    assert values["config"]["settings"]["score"] == "auto"
    printed = run("fit", space.adapter, "--data", space.data).stdout
    assert "cross-validated" in printed
    assert "grid" not in printed


def test_a_grid_of_ones_own_is_read_from_yaml(space: Workspace, tmp_path: Path) -> None:
    grid = tmp_path / "mine.yaml"
    grid.write_text("learning_rate: 0.001\nalpha: [0, 1]\nbeta: [0.5]\n")
    result = run(
        "fit", space.adapter, "--data", space.data, "--preset", "paper", "--grid", grid, "--max-epochs", 2, "--json"
    )
    assert json.loads(result.stdout)["grid_points"] == 2


def test_a_typo_in_a_grid_ends_fit_with_one_line_that_names_the_right_key(space: Workspace, tmp_path: Path) -> None:
    grid = tmp_path / "mine.yaml"
    grid.write_text("learning_rates: [0.001]\n")
    result = run("fit", space.adapter, "--data", space.data, "--preset", "paper", "--grid", grid)
    assert result.exit_code == 1
    assert "there is no key 'learning_rates'; did you mean 'learning_rate'? the keys are" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_evaluate_prints_one_line_per_score_and_the_reports_path(fitted: Workspace, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    result = run("evaluate", fitted.adapter, "--data", fitted.data, "--report", report, "--resamples", 100)
    assert result.exit_code == 0
    for name in ("adue", "softmax-response", "entropy", "margin", "energy", "mahalanobis", "relative-mahalanobis"):
        assert name in result.stdout
    assert "device: cpu" in result.stdout
    assert str(report) in result.stdout
    assert report.is_file()


def test_predict_reads_standard_input_and_writes_standard_output(fitted: Workspace) -> None:
    result = run("predict", fitted.adapter, "-", "--out", "-", stdin='{"text": "good film"}\n{"text": "bad"}\n')
    assert result.exit_code == 0
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["text"] for row in rows] == ["good film", "bad"]
    assert "Scored" in result.stderr
    assert "device" in result.stderr


def test_info_shows_head_and_origin(fitted: Workspace) -> None:
    result = run("info", fitted.adapter)
    for words in ("LORA", "SHA-256", "smoothmax", "bad, fine, good", "not merged", "adapter"):
        assert words in result.stdout
    assert json.loads(run("info", fitted.adapter, "--json").stdout)["head"]["format_version"] == FORMAT_VERSION


def test_train_fit_evaluate_predict_from_nothing_but_a_base_model(space: Workspace, tmp_path: Path) -> None:
    base = save_tiny_base(tmp_path / "base", "bert", initializer_range=0.3)
    adapter = tmp_path / "trained"
    trained = run(
        "train", "--model", base, "--data", space.data, "--out", adapter, "--epochs", 2, "--lr", 0.01, "--json"
    )
    assert trained.exit_code == 0, trained.output
    assert json.loads(trained.stdout)["record"]["id2label"] == {"0": "bad", "1": "fine", "2": "good"}
    assert run("fit", adapter, "--data", space.data, *FAST).exit_code == 0
    assert run("evaluate", adapter, "--data", space.data, "--resamples", 100).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("fit", "{adapter}", "--data", "gone.csv"), 1, "error: there is no file"),
        (("fit", "gone", "--data", "{data}"), 1, "error: there is no folder 'gone'"),
        (("fit", "{adapter}", "--data", "{data}", "--grid", "huge"), 1, "no grid called 'huge'; use paper, fast"),
        (("fit", "{adapter}", "--data", "{data}", "--text-column", "body"), 1, "--text-column"),
        (("fit", "{adapter}", "--data", "{data}", "--base-model", "/gone"), 1, "there is no folder '/gone'"),
        (("fit", "{adapter}", "--data", "{data}", "--label-map", "x"), 2, "--label-map takes DATA=MODEL"),
        (
            ("fit", "{adapter}", "--data", "{data}", "--label-map", "x=bad", "--label-map", "x=good"),
            2,
            "--label-map sends 'x' to 'bad' and to 'good'; keep one",
        ),
        (("fit", "{adapter}", "--data", "{data}", "--preset", "paper", "--sharpness", "-1"), 2, "sharpness"),
        (
            ("fit", "{adapter}", "--data", "{data}", "--sharpness", "9"),
            2,
            "the score auto takes no --sharpness",
        ),
        (("fit", "{adapter}", "--data", "{data}", "--grid", "fast"), 1, "the score auto takes no grid"),
        (
            ("fit", "{adapter}", "--data", "{data}", "--preset", "paper", "--score", "entropy"),
            2,
            "not entropy; leave one",
        ),
        (("fit", "{adapter}", "--data", "{data}", "--score", "luck"), 2, "luck"),
        (("fit", "{adapter}"), 2, "--data"),
        (("evaluate", "{adapter}", "--data", "{data}"), 1, "has no uncertainty head yet"),
        (("predict", "{adapter}", "{data}/test.jsonl", "--out", "out.doc"), 1, "has no uncertainty head yet"),
        (("info", "gone"), 1, "there is no folder 'gone'"),
        (("train", "--model", "/gone", "--data", "{data}", "--out", "out"), 1, "there is no folder '/gone'"),
        (("train", "--model", "x", "--data", "{data}", "--out", "out", "--r", "0"), 2, "r: Input should be greater"),
        (("levitate",), 2, "No such command"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(
    space: Workspace, arguments: tuple[str, ...], code: int, words: str
) -> None:
    filled = [argument.format(adapter=space.adapter, data=space.data) for argument in arguments]
    result = run(*filled)
    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_an_error_is_one_line_and_debug_shows_where_it_arose(space: Workspace) -> None:
    plain = run("info", "gone")
    assert len(plain.stderr.strip().splitlines()) == 1
    assert type(run("info", "gone", "--debug").exception).__name__ == "ModelError"


def test_a_warning_is_one_line_on_standard_error(fitted: Workspace) -> None:
    result = run("predict", fitted.adapter, "-", "--out", "-", stdin='{"text": " "}\n')
    assert "warning: 1 text is empty" in result.stderr
    assert ".py" not in result.stderr


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_standard_output_on_a_full_disk_is_one_line(fitted: Workspace) -> None:
    command = [sys.executable, "-m", "adue", "predict", str(fitted.adapter), str(fitted.test_file), "--out", "-"]
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*command, "--prefix", "p_"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 1
    assert "No space left on device" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_ctrl_c_ends_with_130_leaves_no_half_file_and_the_next_run_goes_on(space: Workspace, tmp_path: Path) -> None:
    rows = [{"text": f"good film {number}", "label": ("bad", "good")[number % 2]} for number in range(120_000)]
    data = tmp_path / "many.jsonl"
    data.write_text("\n".join(map(json.dumps, rows)))
    # What a shell starts in the background ignores Ctrl-C, and so would all that it starts.
    heeding = "import signal as s; s.signal(s.SIGINT, s.default_int_handler); from adue.cli import main; main()"
    command = [sys.executable, "-c", heeding, "fit", str(space.adapter), "--data", str(data), *FAST]
    # Threads that wait for each other on a busy machine make seconds of this to minutes.
    environment = os.environ | {"ADUE_CACHE_DIR": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    features = tmp_path / "cache" / "features"
    while not list(features.rglob("*.safetensors")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert not list(space.adapter.glob("adue_*head*"))
    assert not list(tmp_path.rglob("*.tmp"))
    kept = {path: path.stat().st_mtime_ns for path in features.rglob("*.safetensors")}
    assert subprocess.run(command, env=environment, check=False, capture_output=True).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
