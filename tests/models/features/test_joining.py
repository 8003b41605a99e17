from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from adue.foundation.errors import ArtifactError
from adue.models.features import joining
from adue.models.features.joining import join_shards
from tests.support.disk import files_up_to

WIDTHS = {"features": 5, "logits": 2}


def shards(sizes: tuple[int, ...] = (4, 4, 3)) -> Iterator[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    for rows in sizes:
        yield {name: torch.randn(rows, width, generator=generator) for name, width in WIDTHS.items()}


def is_mapped(tensor: Tensor) -> bool:
    """Tell whether a file that has no name any more lies behind the tensor's memory."""
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, end = (int(address, base=16) for address in line.split()[0].split("-"))
        if start <= tensor.data_ptr() < end:
            return line.endswith("(deleted)")
    return False


@pytest.fixture(params=["in memory", "small", "mapped"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path | None:
    """Return where to join: nowhere, or a folder for what is larger than the limit, which everything may be."""
    if request.param == "mapped":
        monkeypatch.setattr(joining, "IN_MEMORY", 1)
    return None if request.param == "in memory" else tmp_path


def test_rows_come_one_shard_after_the_other(folder: Path | None) -> None:
    whole, parts = join_shards(shards(), WIDTHS, folder), list(shards())
    for name in WIDTHS:
        assert torch.equal(whole[name], torch.cat([part[name] for part in parts]))


def test_no_shards_give_no_rows(folder: Path | None) -> None:
    whole = join_shards(shards(()), WIDTHS, folder)
    assert {name: tuple(tensor.shape) for name, tensor in whole.items()} == {"features": (0, 5), "logits": (0, 2)}


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux says what is mapped")
def test_what_is_large_is_mapped_from_a_file_that_nobody_else_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_mapped(join_shards(shards(), WIDTHS, tmp_path)["features"])
    monkeypatch.setattr(joining, "IN_MEMORY", 100)
    whole = join_shards(shards(), WIDTHS, tmp_path)
    assert (is_mapped(whole["features"]), is_mapped(whole["logits"])) == (True, False)
    assert list(tmp_path.iterdir()) == []
    whole["features"].mul_(2)


def test_shards_are_let_go_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "IN_MEMORY", 1)
    alive: list[int] = []

    class Counted(dict[str, Tensor]):
        def __init__(self, shard: dict[str, Tensor]) -> None:
            super().__init__(shard)
            alive.append(1)

        def __del__(self) -> None:
            alive.pop()

    def watched() -> Iterator[dict[str, Tensor]]:
        for shard in shards((2,) * 10):
            assert len(alive) <= 1
            yield Counted(shard)

    assert len(join_shards(watched(), WIDTHS, tmp_path)["logits"]) == 20


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "IN_MEMORY", 1)
    with (
        files_up_to(60),
        pytest.raises(ArtifactError, match=r"cannot put the features together in .*: File too large; free some"),
    ):
        join_shards(shards(), WIDTHS, tmp_path)
    assert list(tmp_path.iterdir()) == []
