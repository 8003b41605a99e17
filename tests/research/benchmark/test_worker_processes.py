"""The command in processes of its own: killed and gone on with, in parallel, and never left alone."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from adue.research.benchmark.cells_csv import CellTable
from adue.research.benchmark.folders import Folders
from tests.research.benchmark.conftest import Ground
from tests.research.benchmark.test_run_benchmark import rows_of

pytestmark = pytest.mark.slow

METHODS = ["outputs", "mahalanobis", "knn"]
ROWS = 2 * 2 * 2 * 8


def command(config: Path, out: Path, workers: int) -> list[str]:
    return [sys.executable, "-m", "adue", "benchmark", str(config), "--out", str(out), "--workers", str(workers)]


def wait_until(condition: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def start(config: Path, out: Path, workers: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command(config, out, workers), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def lines_in(out: Path) -> int:
    path = out / "cells.csv"
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def by_cell(out: Path) -> dict[tuple[str, ...], dict[str, float]]:
    """Return the numbers of every row; with another number of threads a model's sums are rounded otherwise."""
    names = ("model", "data_set", "evaluation_set", "seed", "method")
    numbers = ("n", "errors", "accuracy", "auroc", "aurc", "augrc", "sr_difference")
    return {
        tuple(row[name] for name in names): {number: float(row[number]) for number in numbers}
        for row in rows_of(Folders(out))
    }


@pytest.fixture
def config(ground: Ground, tmp_path: Path) -> Path:
    return ground.write(tmp_path / "config.yaml", methods=METHODS)


@pytest.fixture
def trained(finished: Folders, tmp_path: Path) -> Path:
    """A folder with adapters and nothing else."""
    shutil.copytree(finished.root / "adapters", tmp_path / "killed" / "adapters")
    return tmp_path / "killed"


def test_after_kill_9_the_same_command_ends_with_the_file_of_an_undisturbed_run(
    config: Path, trained: Path, tmp_path: Path
) -> None:
    undisturbed = shutil.copytree(trained, tmp_path / "undisturbed")
    subprocess.run(command(config, undisturbed, 1), check=True, capture_output=True)
    process = start(config, trained, workers=1)
    wait_until(lambda: lines_in(trained) > 10)
    process.kill()
    process.wait()
    assert 10 < lines_in(trained) < ROWS
    with (trained / "cells.csv").open("ab") as file:
        file.write(b"bert,mine,mi")
    subprocess.run(command(config, trained, 1), check=True, capture_output=True)
    assert rows_of(Folders(trained)) == rows_of(Folders(undisturbed))
    assert len(rows_of(Folders(trained))) == ROWS
    assert (trained / "tables.md").is_file()


def test_processes_make_the_same_rows_as_one(config: Path, trained: Path, tmp_path: Path) -> None:
    alone = shutil.copytree(trained, tmp_path / "alone")
    subprocess.run(command(config, alone, 1), check=True, capture_output=True)
    subprocess.run(command(config, trained, 2), check=True, capture_output=True)
    parallel, single = by_cell(trained), by_cell(alone)
    assert parallel.keys() == single.keys()
    for cell, row in single.items():
        assert parallel[cell] == pytest.approx(row, abs=5e-3), cell


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to find the processes")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_the_command(config: Path, trained: Path, number: signal.Signals) -> None:
    process = start(config, trained, workers=2)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_until(lambda: lines_in(trained) > 2)
    pids = [int(pid) for pid in children.read_text().split()]
    process.send_signal(number)
    process.wait(timeout=60)
    assert len(pids) >= 2
    wait_until(lambda: not any(runs(pid) for pid in pids), seconds=60)
    CellTable(trained / "cells.csv").cut_torn_line()
    assert CellTable(trained / "cells.csv").read()


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that is over stays listed until somebody asks how it ended.
    return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
