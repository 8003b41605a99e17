"""Scoring on Ray from an object store and back, through S3's own protocol on a server of this machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec import AbstractFileSystem
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from adue.foundation.errors import AdueError
from adue.foundation.scaling.pieces import find_pieces, open_address
from tests.support.adapters import random_texts
from tests.support.workspace import Workspace

pytest.importorskip("ray")

from adue.workflows.predict_ray import RayOptions, predict_on_ray
from tests.support.hosts import kill_a_worker

pytestmark = pytest.mark.slow

ROWS = 120


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[AbstractFileSystem]:
    """An object store with one bucket, which processes started from now on find by their environment."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    use_store_at(f"http://{host}:{port}", monkeypatch)
    fs, _ = open_address("s3://bucket")
    fs.mkdir("bucket")
    yield fs
    server.stop()


def use_store_at(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in (given | {"AWS_ENDPOINT_URL": address}).items():
        monkeypatch.setenv(name, value)
    # Clients are kept for as long as the process lives, with the address of the server they began with.
    S3FileSystem.clear_instance_cache()


def write_source(fs: AbstractFileSystem) -> pa.Table:
    table = pa.table({"id": range(ROWS), "text": random_texts(ROWS)})
    for number in range(3):
        with fs.open(f"bucket/texts/{number}.parquet", "wb") as file:
            pq.write_table(table.slice(number * ROWS // 3, ROWS // 3), file, row_group_size=40)
    return table


def test_rows_come_back_once_and_in_order_though_a_worker_is_killed(
    store: AbstractFileSystem, fitted: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adue.foundation.scaling.pieces.PIECE_ROWS", 10)
    given = write_source(store)
    killed: list[int] = []

    @contextmanager
    def killing(_description: str, _total: int | None) -> Iterator[Callable[[int], None]]:
        yield lambda _: None if killed else killed.append(kill_a_worker())

    result = predict_on_ray(
        fitted.adapter,
        "s3://bucket/texts",
        "s3://bucket/scored",
        ray_options=RayOptions(workers=2),
        progress=killing,
    )
    assert killed
    parts = [pq.read_table(store.open(path)) for path in sorted(store.glob("bucket/scored/part-*"))]
    assert pa.concat_tables(parts).select(["id", "text"]).equals(given)
    assert result.rows == ROWS
    assert store.exists("bucket/scored/_SUCCESS")


def test_a_store_that_cannot_be_reached_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    use_store_at("http://127.0.0.1:9", monkeypatch)
    message = r"^'s3://bucket/texts' cannot be reached: EndpointConnectionError: .*; check the address, the network"
    with pytest.raises(AdueError, match=message):
        find_pieces("s3://bucket/texts")
