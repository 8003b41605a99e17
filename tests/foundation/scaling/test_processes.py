"""Commands in two processes that accelerate starts, which talk to each other by gloo."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from safetensors.torch import load_file

from adue import AdueError, AdueModel, DataError
from adue.foundation.scaling.processes import Processes, processes
from adue.models.features.extract import extract
from tests.support.adapters import random_texts
from tests.support.workspace import Workspace, make_workspace

# What accelerate starts processes with one by one; without GPUs a variable says so, and they talk by gloo.
TWO = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--num_machines", "1"]


def free_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace whose training rows fill three shards."""
    space = make_workspace(tmp_path_factory.mktemp("workspace"))
    path = space.data / "train.jsonl"
    labels = [json.loads(line)["label"] for line in path.read_text().splitlines()]
    texts = random_texts(4200)
    rows = [{"text": text, "label": labels[number % len(labels)]} for number, text in enumerate(texts)]
    path.write_text("\n".join(map(json.dumps, rows)))
    return space


class Launched:
    """What accelerate says of one of three processes."""

    num_processes = 3

    def __init__(self, index: int) -> None:
        self.process_index = index
        self.is_main_process = index == 0


def run(space: Workspace, out: Path, command: list[str], *, processes: int) -> str:
    """Return what a command printed that was run with a cache of its own."""
    launcher = [*TWO, "--main_process_port", free_port()] if processes == 2 else []
    environment = os.environ | {"ADUE_CACHE_DIR": str(out / "cache"), "OMP_NUM_THREADS": "1"}
    asked = [sys.executable, *launcher, "-m", "adue", command[0], str(space.adapter), "--data", str(space.data)]
    done = subprocess.run([*asked, *command[1:]], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files_in(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


def test_a_process_on_its_own_does_everything_and_waits_for_nobody() -> None:
    alone = processes()
    assert (alone.count, alone.is_main) == (1, True)
    assert all(alone.owns(number) for number in range(5))
    alone.wait()
    assert alone.once(lambda: 7) == 7


@pytest.mark.parametrize("name", ["WORLD_SIZE", "PMI_SIZE", "ACCELERATE_USE_CPU"])
def test_an_empty_variable_counts_as_not_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "")
    assert processes.__wrapped__().is_main


def test_processes_that_cannot_reach_each_other_are_told_which_setting_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: object) -> None:
        raise RuntimeError("connectFullMesh failed:\nConnection refused")

    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr("accelerate.PartialState", refused)
    with pytest.raises(AdueError, match=r"\(connectFullMesh failed: Connection refused\); .* set GLOO_SOCKET_IFNAME"):
        processes.__wrapped__()


@pytest.mark.slow
def test_two_processes_read_each_shard_once_and_fit_what_one_does(space: Workspace, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    alone, together = (
        run(space, out, ["fit", "--json", "--out", str(out / "head")], processes=count)
        for count, out in enumerate((one, two), start=1)
    )
    assert len(together.splitlines()) == 1
    assert json.loads(together)["config"] == json.loads(alone)["config"]
    for name in sorted(path.relative_to(one) for path in one.rglob("*.safetensors")):
        first, second = load_file(one / name), load_file(two / name)
        assert all(first[key].equal(second[key]) for key in first.keys() | second.keys()), name
    assert files_in(one) == files_in(two)


@pytest.mark.slow
def test_two_processes_evaluate_and_report_as_one_does(space: Workspace, tmp_path: Path) -> None:
    space = space.copy(tmp_path)
    run(space, tmp_path, ["fit"], processes=1)
    one, two = tmp_path / "one", tmp_path / "two"
    alone, together = (
        run(space, out, ["evaluate", "--json", "--report", str(out / "report.html")], processes=count)
        for count, out in enumerate((one, two), start=1)
    )
    assert json.loads(together) == json.loads(alone)
    assert files_in(one) == files_in(two)


@pytest.mark.slow
def test_two_processes_sweep_as_one_does(space: Workspace, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for count, out in enumerate((one, two), start=1):
        run(space, out, ["sweep", "--seeds", "1", "--max-epochs", "1", "--out", str(out / "sweep")], processes=count)
    alone, together = (pd.read_csv(out / "sweep" / "sweep.csv").drop(columns="trial_seconds") for out in (one, two))
    pd.testing.assert_frame_equal(together, alone)
    assert alone["test_auroc"].notna().any()
    assert files_in(one) == files_in(two)


def test_every_item_is_owned_by_one_process() -> None:
    group = [Processes(Launched(index)) for index in range(3)]
    assert [[member.owns(number) for member in group].count(True) for number in range(10)] == [1] * 10
    assert [member.is_main for member in group] == [True, False, False]


def test_several_processes_need_the_cache(space: Workspace) -> None:
    classifier = AdueModel.from_pretrained(space.adapter).classifier
    with pytest.raises(DataError, match="hand features to each other in the cache; leave --no-cache out"):
        extract(classifier, ["good film"], group=Processes(Launched(0)))
