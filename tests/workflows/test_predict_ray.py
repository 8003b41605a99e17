"""Scoring on a Ray cluster of a head and two hosts, all of them processes of this machine, some of which are killed."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adue.workflows.options import ModelOptions
from adue.workflows.predict import PredictResult, predict
from tests.support.adapters import random_texts
from tests.support.workspace import Workspace

ray = pytest.importorskip("ray")

from ray.cluster_utils import Cluster  # noqa: E402

from adue.workflows.predict_ray import predict_on_ray  # noqa: E402
from tests.support.hosts import kill_a_worker, two_hosts  # noqa: E402

pytestmark = pytest.mark.slow

ROWS = 1200
SLOWLY = ModelOptions(batch_size=1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with two_hosts() as started:
        yield started


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files with row groups of another size than pieces, types that JSON does not have, and missing values."""
    folder = tmp_path_factory.mktemp("source")
    texts = random_texts(ROWS)
    for number, (start, stop) in enumerate([(0, 300), (300, 800), (800, ROWS)]):
        ids = list(range(start, stop))
        columns = {"id": ids, "text": texts[start:stop], "price": [None if i % 3 else i / 7 for i in ids]}
        table = pa.table(columns).append_column("day", pa.array(ids, pa.date32()))
        pq.write_table(table, folder / f"{number}.parquet", row_group_size=170)
    return folder


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adue.foundation.scaling.pieces.PIECE_ROWS", 25)


def read(folder: Path) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("*.parquet"))])


def meanwhile(work: Callable[[], PredictResult], out: Path, parts: int, event: Callable[[], Any]) -> PredictResult:
    """Return what `work` returns, with `event` happening when `out` has `parts` parts."""
    with ThreadPoolExecutor(1) as pool:
        happened = pool.submit(_when, out, parts, event)
        result = work()
        happened.result(timeout=1)
    return result


def _when(out: Path, parts: int, event: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 300  # a busy machine takes a minute for the first part
    while len(list(out.glob("*.parquet"))) < parts:
        assert time.monotonic() < deadline, "no parts are written"
        time.sleep(0.01)
    event()


def assert_whole(out: Path, source: Path, result: PredictResult) -> None:
    table = read(out)
    assert table.select(["id", "text", "price", "day"]).equals(read(source))
    assert result.rows == sum(result.labels.values()) == ROWS
    assert (out / "_SUCCESS").exists()
    assert not list(out.glob(".*"))


@pytest.mark.usefixtures("cluster")
def test_rows_and_answers_are_those_of_the_local_engine(fitted: Workspace, source: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.parquet"
    pq.write_table(read(source), whole)
    there = predict_on_ray(fitted.adapter, str(source), str(tmp_path / "there"))
    here = predict(fitted.adapter, str(whole), str(tmp_path / "here.parquet"))
    assert_whole(tmp_path / "there", source, there)
    expected, found = pq.read_table(tmp_path / "here.parquet"), read(tmp_path / "there")
    assert found["label"].equals(expected["label"])
    for name in ("probability", "uncertainty"):
        assert found[name].to_pylist() == pytest.approx(expected[name].to_pylist(), abs=1e-4)
    assert there.labels == here.labels
    assert there.mean_uncertainty == pytest.approx(here.mean_uncertainty, abs=1e-6)


@pytest.mark.usefixtures("cluster", "small_pieces")
def test_no_row_is_lost_or_doubled_when_a_worker_is_killed(fitted: Workspace, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = meanwhile(
        lambda: predict_on_ray(fitted.adapter, str(source), str(out), model_options=SLOWLY), out, 5, kill_a_worker
    )
    assert_whole(out, source, result)


def test_the_command_goes_on_with_a_stopped_run_and_prints_nothing_of_rays(
    cluster: Cluster, fitted: Workspace, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = [str(fitted.adapter), str(source), "--out", str(out), "--engine", "ray", "--json"]
    command = [sys.executable, "-m", "adue", "predict", *arguments, "--address", str(cluster.address)]
    predict_on_ray(fitted.adapter, str(source), str(out))
    lost = sorted(out.glob("part-*"))[3:6]
    kept = {path: path.stat().st_mtime_ns for path in out.glob("part-*") if path not in lost}
    for path in (*lost, out / "_SUCCESS"):
        path.unlink()
    (out / ".part-0000003.parquet.1.tmp").write_bytes(b"half")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert_whole(out, source, PredictResult.model_validate_json(done.stdout))
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


# The last, as it leaves the cluster with one host.
@pytest.mark.usefixtures("small_pieces")
def test_no_row_is_lost_or_doubled_when_a_host_dies(
    cluster: Cluster, fitted: Workspace, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (host, _) = cluster.worker_nodes
    result = meanwhile(
        lambda: predict_on_ray(fitted.adapter, str(source), str(out), model_options=SLOWLY),
        out,
        5,
        lambda: cluster.remove_node(host, allow_graceful=False),
    )
    assert_whole(out, source, result)
