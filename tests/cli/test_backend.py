"""`--backend onnx` at the terminal."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adue.cli import app
from tests.support.graphs import traced_once
from tests.support.workspace import Workspace

__all__ = ["traced_once"]
pytestmark = pytest.mark.usefixtures("traced_once")

ONNX = ("--backend", "onnx")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def scored(space: Workspace, folder: Path, *options: object) -> list[dict[str, object]]:
    output = folder / "scored.jsonl"
    result = run("predict", space.adapter, space.test_file, "--out", output, "--prefix", "u_", *options)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in output.read_text().splitlines()]


def test_fit_evaluate_and_predict_run_in_onnx_runtime_and_answer_as_in_pytorch(
    space: Workspace, tmp_path: Path
) -> None:
    fitted = run("fit", space.adapter, "--data", space.data, *ONNX, "--json")
    assert fitted.exit_code == 0, fitted.output
    rows = scored(space, tmp_path, *ONNX)
    measured = [run("evaluate", space.adapter, "--data", space.data, "--resamples", 100, *ONNX, "--json")]
    # One graph for all three; features of its own.
    assert len(list((tmp_path / "cache" / "graphs").glob("*/model.onnx"))) == 1
    assert len(list((tmp_path / "cache" / "features").iterdir())) == 1
    measured.append(run("evaluate", space.adapter, "--data", space.data, "--resamples", 100, "--json"))
    assert len(list((tmp_path / "cache" / "features").iterdir())) == 2
    in_onnx, in_torch = (json.loads(one.stdout)["sets"][0] for one in measured)
    assert in_onnx["accuracy"] == in_torch["accuracy"]
    for row, expected in zip(rows, scored(space, tmp_path), strict=True):
        assert row["u_label"] == expected["u_label"]
        assert row["u_uncertainty"] == pytest.approx(expected["u_uncertainty"], abs=1e-3)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--dtype", "bfloat16"), 1, "ONNX Runtime computes in float32 here, not in bfloat16; leave --dtype out"),
        (("--device", "meta"), 1, "ONNX Runtime runs on the processor here, not on meta; leave --device out"),
        (("--backend", "openvino"), 2, "openvino"),
    ],
)
def test_what_does_not_go_together_is_said_in_one_line(
    space: Workspace, options: tuple[str, ...], code: int, words: str
) -> None:
    result = run("fit", space.adapter, "--data", space.data, *ONNX, *options)
    assert (result.exit_code, words in result.stderr) == (code, True), result.output
    assert "Traceback" not in result.output


def test_an_export_is_compared_with_pytorch_and_nothing_else(space: Workspace, tmp_path: Path) -> None:
    result = run("export", space.adapter, "--out", tmp_path / "served", *ONNX)
    assert (result.exit_code, "is compared with PyTorch; leave --backend out" in result.stderr) == (1, True)
