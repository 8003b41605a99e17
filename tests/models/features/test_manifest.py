from pathlib import Path

import pytest

from adue.foundation.errors import ArtifactError
from adue.models.features.manifest import Manifest, ShardEntry, advance, finish, read_manifest

FIRST, SECOND, THIRD = (ShardEntry(key=key, rows=rows) for key, rows in (("a", 10), ("b", 10), ("c", 4)))


def run(folder: Path, *shards: ShardEntry, stopped: bool = False) -> Manifest:
    manifest = Manifest(model="m")
    for shard in shards:
        manifest = advance(folder, manifest, shard)
    if not stopped:
        finish(folder, manifest)
    return manifest


def found(folder: Path) -> list[Manifest]:
    return [read_manifest(path) for path in folder.iterdir()]


def test_it_comes_back_as_it_was_written(tmp_path: Path) -> None:
    manifest = run(tmp_path, FIRST, SECOND, THIRD)
    [read] = found(tmp_path)
    assert read == manifest.model_copy(update={"complete": True})
    assert (read.model, read.position, read.shards) == ("m", 24, (FIRST, SECOND, THIRD))


def test_a_stopped_run_says_how_far_it_came_and_the_next_one_takes_its_place(tmp_path: Path) -> None:
    run(tmp_path, FIRST, SECOND, stopped=True)
    [stopped] = found(tmp_path)
    assert (stopped.position, stopped.complete) == (20, False)
    run(tmp_path, FIRST, SECOND, THIRD)
    [done] = found(tmp_path)
    assert (done.position, done.complete) == (24, True)


def test_a_complete_set_stays_beside_one_that_begins_with_it(tmp_path: Path) -> None:
    run(tmp_path, FIRST, SECOND)
    run(tmp_path, FIRST, SECOND, THIRD)
    assert sorted((one.position, one.complete) for one in found(tmp_path)) == [(20, True), (24, True)]


def test_the_fingerprint_of_the_inputs_changes_with_shards_and_order(tmp_path: Path) -> None:
    orders = [(FIRST,), (FIRST, SECOND), (SECOND, FIRST), (FIRST, SECOND, THIRD)]
    prints = [run(tmp_path, *shards).inputs for shards in orders]
    assert len(set(prints)) == len(orders)
    assert {path.stem for path in tmp_path.iterdir()} == set(prints)


def test_no_rows_leave_no_file(tmp_path: Path) -> None:
    run(tmp_path)
    assert found(tmp_path) == []


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"format_version": 2, "model": "m"}', b"\xff"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: str | bytes | None) -> None:
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ArtifactError, match=r"x\.json is no manifest of extracted rows .*; extract them again"):
        read_manifest(path)
