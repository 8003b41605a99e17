from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adue.foundation.errors import DataError, MissingExtraError
from adue.foundation.scaling.pieces import (
    find_pieces,
    open_address,
    pieces_key,
    read_piece,
    remove_leftovers,
    write_piece,
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "day=2").mkdir(parents=True)
    pq.write_table(pa.table({"id": range(10)}), folder / "b.parquet", row_group_size=7)
    pq.write_table(pa.table({"id": range(10, 15)}), folder / "day=2" / "a.parquet")
    for hidden in ("_temporary.parquet", ".b.parquet", "notes.txt"):
        (folder / hidden).write_text("not for us")
    return folder


@pytest.fixture(autouse=True)
def _three_rows_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adue.foundation.scaling.pieces.PIECE_ROWS", 3)


def ids(source: Path, batch_rows: int) -> list[list[int]]:
    fs, _ = open_address(str(source))
    pieces = find_pieces(str(source))
    return [pa.concat_tables(read_piece(fs, piece, batch_rows))["id"].to_pylist() for piece in pieces]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
def test_every_row_of_a_folder_is_in_one_piece_in_the_order_of_the_files(source: Path, batch_rows: int) -> None:
    assert ids(source, batch_rows) == [[0, 1, 2], [3, 4, 5], [6], [7, 8, 9], [10, 11, 12], [13, 14]]


def test_a_piece_knows_where_in_its_file_it_begins(source: Path) -> None:
    pieces = find_pieces(str(source))
    assert [piece.first for piece in pieces] == [0, 3, 6, 7, 0, 3]
    assert sorted(piece.name for piece in pieces) == [piece.name for piece in pieces]


def test_no_batch_is_larger_than_asked_for(source: Path) -> None:
    fs, _ = open_address(str(source))
    assert [len(table) for table in read_piece(fs, find_pieces(str(source))[0], 2)] == [2, 1]


def test_a_single_file_is_a_source_wherever_it_lies(source: Path) -> None:
    hidden = source / ".cache" / "one.parquet"
    hidden.parent.mkdir()
    (source / "b.parquet").rename(hidden)
    assert sum(piece.rows for piece in find_pieces(str(hidden))) == 10


def test_an_address_with_a_protocol_is_read_like_a_path(source: Path) -> None:
    assert find_pieces(f"file://{source}") == find_pieces(str(source))


def test_the_key_changes_with_any_piece(source: Path) -> None:
    pieces = find_pieces(str(source))
    assert pieces_key(pieces) == pieces_key(find_pieces(str(source)))
    assert pieces_key(pieces) != pieces_key([*pieces[:-1], replace(pieces[-1], rows=1)])


def test_the_key_changes_with_a_file_of_as_many_other_rows(source: Path) -> None:
    before = pieces_key(find_pieces(str(source)))
    table = pq.read_table(source / "b.parquet")
    pq.write_table(table.slice(0, len(table)).take(list(range(len(table)))[::-1]), source / "b.parquet")
    assert pieces_key(find_pieces(str(source))) != before


def test_a_source_that_is_not_there_or_not_whole_is_refused(tmp_path: Path, source: Path) -> None:
    with pytest.raises(DataError, match=r"no Parquet file at 'gone'; give a \.parquet file, or a folder of them"):
        find_pieces("gone")
    with pytest.raises(DataError, match="no Parquet file at"):
        find_pieces(str(source / "notes.txt"))
    (source / "c.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DataError, match=r"c\.parquet is not a whole Parquet file .*; write it again"):
        find_pieces(str(source))


def test_an_address_nobody_can_open_is_refused_with_a_reason() -> None:
    with pytest.raises(DataError, match="'nowhere://x' cannot be opened: Protocol not known"):
        open_address("nowhere://x")
    with pytest.raises(MissingExtraError, match=r"'wandb://x' cannot be opened: .* \(pip install\), on every host"):
        open_address("wandb://x")


def test_a_file_appears_whole_or_not_at_all_and_replaces_an_earlier_one(tmp_path: Path) -> None:
    fs, folder = open_address(str(tmp_path))
    write_piece(fs, folder, "part.parquet", [pa.table({"id": [1]})])
    write_piece(fs, folder, "part.parquet", [pa.table({"id": [2]}), pa.table({"id": [3]})])

    def breaks() -> list[pa.Table]:
        raise DataError("row 9 has no text")

    with pytest.raises(DataError, match="row 9"):
        write_piece(fs, folder, "part.parquet", (table for _ in [0] for table in breaks()))
    assert pq.read_table(tmp_path / "part.parquet")["id"].to_pylist() == [2, 3]
    assert [path.name for path in tmp_path.iterdir()] == ["part.parquet"]


def test_leftovers_of_killed_workers_are_removed_and_nothing_else(tmp_path: Path) -> None:
    fs, folder = open_address(str(tmp_path))
    for name in (".part-0000001.parquet.abc.tmp", "part-0000001.parquet", ".mine", "notes.tmp"):
        (tmp_path / name).touch()
    remove_leftovers(fs, folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine", "notes.tmp", "part-0000001.parquet"]
