import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from adue.cli import app
from tests.support.workspace import Workspace


@pytest.mark.parametrize("option", ["--address", "--workers", "--cpus-per-worker"])
def test_an_option_of_ray_without_ray_is_bad_usage(option: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["predict", "adapter", "--out", str(tmp_path / "out"), option, "1"])
    assert result.exit_code == 2
    assert f"{option} is an option of --engine ray; add that, or leave {option} out" in result.stderr.replace("\n", " ")


def test_there_is_one_name_for_where_the_output_goes(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["predict", "adapter", "--output", str(tmp_path / "out.csv")])
    assert result.exit_code == 2
    assert "No such option: --output" in result.stderr


def test_ray_reads_parquet_and_nothing_else() -> None:
    result = CliRunner().invoke(app, ["predict", "adapter", "-", "--out", "out", "--engine", "ray"])
    assert result.exit_code == 1
    assert "there is no Parquet file at '-'" in result.stderr


@pytest.mark.slow
def test_without_an_address_a_cluster_is_started_and_gone_afterwards(space: Workspace, tmp_path: Path) -> None:
    source, out = tmp_path / "texts.parquet", tmp_path / "out"
    pq.write_table(pa.table({"text": ["good film", "bad plot"]}), source)
    fit = ["fit", str(space.adapter), "--data", str(space.data)]
    assert CliRunner().invoke(app, fit).exit_code == 0
    command = ["predict", str(space.adapter), str(source), "--out", str(out), "--engine", "ray", "--workers", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "adue", *command, "--json"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["rows"] == 2
    assert len(pq.read_table(out / "part-0000000.parquet")) == 2


def test_json_goes_to_standard_error_where_the_rows_go_to_standard_output(space: Workspace) -> None:
    assert CliRunner().invoke(app, ["fit", str(space.adapter), "--data", str(space.data)]).exit_code == 0
    asked = ["predict", str(space.adapter), "-", "--out", "-", "--json"]
    result = CliRunner().invoke(app, asked, input='{"text": "good film"}\n')
    assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == ["good film"]
    assert json.loads(result.stderr)["rows"] == 1
