import csv
import errno
import io
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adue import AdueError, ArtifactError, DataError
from adue.datasets.file_formats.cells import to_rows
from adue.datasets.file_formats.chunks import CHUNK_ROWS, column_names
from adue.datasets.file_formats.stream import read_rows, write_rows

ROWS = [{"id": "7", "text": 'commas, "quotes"\nand lines'}, {"id": "08", "text": "NA"}]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=20)


def read_all(path: Path) -> list[dict[str, Any]]:
    return [row for chunk in read_rows(str(path)) for row in to_rows(chunk)]


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".csv.gz", ".json.zst"])
def test_rows_come_back_as_they_were_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    with write_rows(str(path)) as write:
        write(ROWS[:1])
        write(ROWS[1:])
    assert read_all(path) == ROWS


@given(texts=st.lists(TEXT, min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_any_text_survives_the_round_trip(tmp_path: Path, suffix: str, texts: list[str]) -> None:
    path = tmp_path / f"rows{suffix}"
    rows = [{"id": str(index), "text": text} for index, text in enumerate(texts)]
    with write_rows(str(path)) as write:
        write(rows)
    assert read_all(path) == rows


def test_a_list_on_standard_input_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('\n [{"text": "a"},\n {"text": "b"}]\n'))
    assert list(read_rows("-")) == [[{"text": "a"}, {"text": "b"}]]


def test_what_only_json_can_say_passes_through(tmp_path: Path) -> None:
    row = {"id": 2**70, "meta": {"b": [1, None, {}], "a": "x"}, "text": "good"}
    for name in ("rows.jsonl", "rows.json.xz"):
        with write_rows(str(tmp_path / name)) as write:
            write([row])
        assert read_all(tmp_path / name) == [row]


@pytest.mark.parametrize("target", ["o.csv", "o.tsv", "o.parquet", "o.csv.gz"])
def test_columns_without_rows_are_written_as_such(tmp_path: Path, target: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text("id,text\n")
    with write_rows(str(tmp_path / target)) as write:
        for chunk in read_rows(str(source)):
            write(chunk)
    assert [column_names(chunk) for chunk in read_rows(str(tmp_path / target))] == [["id", "text"]]


def test_a_long_file_is_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_text("".join(f'{{"n": {n}}}\n' for n in range(2 * CHUNK_ROWS + 1)))
    assert [len(chunk) for chunk in read_rows(str(path))] == [CHUNK_ROWS, CHUNK_ROWS, 1]


@pytest.mark.parametrize("name", ["long.jsonl", "long.csv.gz", "long.tsv.zst"])
def test_no_more_is_read_than_is_asked_for(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with write_rows(str(path)) as write:
        write([{"text": f"{n}" * 100} for n in range(20 * CHUNK_ROWS)])
    path.write_bytes(path.read_bytes()[:-10])
    chunks = read_rows(str(path))
    assert len(next(chunks)) == CHUNK_ROWS
    with pytest.raises(DataError, match=r"not valid JSON at line 20480|is not a whole \.(gz|zst) file"):
        list(chunks)


def test_parquet_types_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"n": pa.array([1, None], pa.int64()), "text": ["a", "b"]}), path)
    assert read_all(path) == [{"n": 1, "text": "a"}, {"n": None, "text": "b"}]


def test_standard_input_and_output_are_json_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"text": "a"}\n\n{"text": "é"}\n'))
    with write_rows("-") as write:
        for chunk in read_rows("-"):
            write(chunk)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [{"text": "a"}, {"text": "é"}]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_bytes("\ufefftext\nhello\n".encode())
    assert read_all(path) == [{"text": "hello"}]


def test_a_byte_order_mark_is_no_part_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('\ufeff{"text": "a"}\n'))
    assert list(read_rows("-")) == [[{"text": "a"}]]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_a_text_may_be_of_any_length(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("text\n" + "long " * 40_000 + "\n", encoding="utf-8")
    assert read_all(path) == [{"text": "long " * 40_000}]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', "a.jsonl is not valid JSON at line 2"),
        ("a.jsonl", b'{"text": "a"}\n[1]\n', "must hold one object per line, .*; line 2 is not one"),
        ("a.jsonl", b"[1]\n", "must hold a list of objects, .*; element 1 is not one"),
        ("a.csv", b"id,text\n1,a,b\n", r"a.csv has 3 fields in the row that ends at line 2, but its header has 2"),
        ("a.csv", b'text\n"open\n', "a.csv is malformed at line 2: unexpected end of data; quote a text"),
        ("a.csv", b"text\n\xff\xfe\n", "a.csv is not UTF-8 at line 2: invalid start byte"),
        ("a.parquet", b"PAR1 no", "is not a whole Parquet file"),
        ("a.xls", b"", "a.xls: its ending must be one of"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        read_all(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["gone.csv", "gone.csv.gz", "gone"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=rf"there is no file .*{name}; check the path"):
        read_all(tmp_path / name)


def test_a_failure_half_way_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), write_rows(str(path)) as write:  # noqa: PT012 - it fails after writing
        write(ROWS)
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.xlsx"])
def test_a_column_that_comes_later_is_named_and_nothing_is_left(tmp_path: Path, name: str) -> None:
    refused = pytest.raises(DataError, match=r"the column 'c' is not in the first 1,024 rows; write \.jsonl instead")
    with refused, write_rows(str(tmp_path / name)) as write:
        write([{"a": 1}, {"b": 2}])
        write([{"a": 1, "c": 3}])
    assert list(tmp_path.iterdir()) == []


def test_a_parquet_file_needs_rows(tmp_path: Path) -> None:
    with pytest.raises(AdueError, match="there are no rows"), write_rows(str(tmp_path / "a.parquet")):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_ending_is_refused_before_any_work(tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match=r"cannot write .*a.doc: its ending must be one of \.csv, "),
        write_rows(str(tmp_path / "a.doc")),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError, match="cannot write"), write_rows(str(tmp_path / "file" / "a.jsonl")) as write:
        write(ROWS)


def test_csv_output_quotes_what_needs_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with write_rows(str(path)) as write:
        write(ROWS)
    with path.open(newline="") as file:
        assert list(csv.DictReader(file)) == ROWS


def test_a_csv_file_with_two_columns_of_one_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("id,text,text\n1,a,b\n")
    with pytest.raises(DataError, match=r"two columns of the same name in its header \(id, text, text\); rename one"):
        read_all(path)


def test_standard_input_that_is_not_utf_8_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"text": "\xe9"}\n'), encoding="utf-8"))
    with pytest.raises(DataError, match=r"^standard input is not UTF-8 text \(byte 10\); save it as UTF-8$"):
        list(read_rows("-"))


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    path = tmp_path / "rows.jsonl"
    path.touch()
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(DataError, match=r"^cannot read .*rows.jsonl: Permission denied; check its permissions$"):
        read_all(path)


def test_half_a_surrogate_pair_goes_through_json_lines_as_it_came(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "half \\ud83d"}\n')
    with write_rows(str(target)) as write:
        for chunk in read_rows(str(source)):
            write(chunk)
    assert target.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_half_a_surrogate_pair_fits_no_other_format(tmp_path: Path, suffix: str) -> None:
    with (
        pytest.raises(DataError, match=r"half of a surrogate pair \(\\ud83d\), which only JSON can; write .jsonl"),
        write_rows(str(tmp_path / f"rows{suffix}")) as write,
    ):
        write([{"text": "half \ud83d"}])


class TestParquetOutput:
    def test_keeps_types_that_are_given_though_the_first_rows_show_none(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.parquet"
        schema = pa.schema({"n": pa.int32(), "note": pa.string(), "u": pa.float64()})
        with write_rows(str(path)) as write:
            write(pa.table([[1], [None], [0.5]], schema=schema))
            write(pa.table([[2], ["late"], [0.25]], schema=schema))
        assert pq.read_schema(path) == schema
        assert read_all(path)[1] == {"n": 2, "note": "late", "u": 0.25}

    def test_has_the_columns_of_all_rows_of_the_first_piece(self, tmp_path: Path) -> None:
        path = tmp_path / "rows.parquet"
        with write_rows(str(path)) as write:
            write([{"text": "a"}, {"text": "b", "id": 7}])
        assert read_all(path) == [{"text": "a", "id": None}, {"text": "b", "id": 7}]

    def test_loses_no_column_that_comes_later(self, tmp_path: Path) -> None:
        with write_rows(str(tmp_path / "rows.parquet")) as write:
            write([{"text": "a"}])
            with pytest.raises(DataError, match=r"the column 'id' is not in the first 1,024 rows; write"):
                write([{"text": "b", "id": 7}])
