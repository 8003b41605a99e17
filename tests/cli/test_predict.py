from pathlib import Path

import pytest
from typer.testing import CliRunner

from adue.cli import app


@pytest.mark.parametrize("option", ["--address", "--workers", "--cpus-per-worker"])
def test_an_option_of_ray_without_ray_is_bad_usage(option: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["predict", "adapter", "--output", str(tmp_path / "out"), option, "1"])
    assert result.exit_code == 2
    assert f"{option} is an option of --engine ray; add that, or leave {option} out" in result.stderr.replace("\n", " ")


def test_ray_reads_parquet_and_nothing_else() -> None:
    result = CliRunner().invoke(app, ["predict", "adapter", "-", "--output", "out", "--engine", "ray"])
    assert result.exit_code == 1
    assert "there is no Parquet file at '-'" in result.stderr
