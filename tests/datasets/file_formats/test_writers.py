"""What a format cannot hold is one line that names the column; everything else goes through as it was."""

import csv
import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adue.datasets.file_formats.chunks import Chunk
from adue.datasets.file_formats.formats import read_chunks, write_chunks
from adue.foundation.errors import DataError

FAR = pa.array([2**60], pa.timestamp("us"))


def write(path: Path, *chunks: Chunk) -> None:
    with write_chunks(path) as append:
        for chunk in chunks:
            append(chunk)


def copy(source: Path, target: Path) -> None:
    write(target, *read_chunks(source))


@pytest.mark.parametrize(
    ("name", "chunks", "words"),
    [
        ("o.parquet", [[{"id": 2**64}]], r"'id' cannot be written: .* too (large|big) .*; write \.jsonl"),
        ("o.parquet", [[{"meta": {}}]], r"'meta' cannot be written: .* no child field .*; write \.jsonl"),
        ("o.parquet", [[{"m": [{}]}]], r"'m' cannot be written: .*; write \.jsonl"),
        ("o.parquet", [[{"v": 1}], [{"v": "a"}]], r"'v' cannot be written: .*; write \.jsonl"),
        ("o.parquet", [[{"v": None}], [{"v": "a"}]], r"'v' cannot be written: .*; write \.jsonl"),
        ("o.parquet", [[{"v": 1}, {"v": "a"}]], r"'v' cannot be written: .*; write \.jsonl"),
        (
            "o.parquet",
            [[{"v": "\ud800"}]],
            r"'v' holds half of a surrogate pair \(\\ud800\), which only JSON can; write",
        ),
        ("o.csv", [[{"v": ["\ud800"]}]], r"'v' holds half of a surrogate pair \(\\ud800\), which only JSON can; write"),
        ("o.csv", [pa.table({"v": [b"a"]})], r"'v' cannot be written: it holds bytes.*; write \.jsonl or \.parquet"),
        ("o.csv", [pa.table({"v": [{"a": b"a"}]})], r"'v' cannot be written: it holds bytes"),
        ("o.jsonl", [pa.table({"n": [1], "v": [[b"a"]]})], r"'v' cannot be written: it holds bytes.*; write \.parquet"),
        ("o.jsonl", [pa.table({"v": FAR})], r"'v' cannot be written: date value out of range; write \.parquet"),
        ("o.csv", [pa.table({"v": FAR})], r"'v' cannot be written: date value out of range; write \.parquet"),
    ],
)
def test_what_does_not_fit_names_its_column_and_the_way_out(
    tmp_path: Path, name: str, chunks: list[Chunk], words: str
) -> None:
    with pytest.raises(DataError, match=rf"the column {words}") as caught:
        write(tmp_path / name, *chunks)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_objects_and_lists_are_json_inside_a_csv_file(tmp_path: Path) -> None:
    row = {"meta": {"b": [1, None], "é": "x"}, "n": None, "yes": True, "x": 0.1}
    write(tmp_path / "o.csv", [row])
    with (tmp_path / "o.csv").open(newline="", encoding="utf-8") as file:
        (read,) = csv.DictReader(file)
    assert read == {"meta": '{"b": [1, null], "é": "x"}', "n": "", "yes": "True", "x": "0.1"}
    assert json.loads(read["meta"]) == row["meta"]


def test_what_json_has_no_word_for_is_text(tmp_path: Path) -> None:
    table = pa.table({"day": [date(2026, 1, 2)], "price": [Decimal("1.50")], "took": [timedelta(hours=1)]})
    write(tmp_path / "o.jsonl", table)
    assert json.loads((tmp_path / "o.jsonl").read_text()) == {"day": "2026-01-02", "price": "1.50", "took": "1:00:00"}


def test_rows_of_one_chunk_may_have_different_columns(tmp_path: Path) -> None:
    write(tmp_path / "o.csv", [{"a": 1}, {"b": 2}], [{"a": 3}])
    assert (tmp_path / "o.csv").read_text() == "a,b\n1,\n,2\n3,\n"


COLUMNS: dict[str, Any] = {
    "map": pa.array([[("a", "b")], None], pa.map_(pa.string(), pa.string())),
    "decimal": pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
    "small_decimal": pa.array([Decimal("1.50"), None], pa.decimal32(5, 2)),
    "duration": pa.array([timedelta(1), None]),
    "nanoseconds": pa.array([1, None], pa.timestamp("ns", tz="UTC")),
    "category": pa.array(["a", None]).dictionary_encode(),
    "large": pa.array(["a", None], pa.large_string()),
    "view": pa.array(["a", None], pa.string_view()),
    "list_view": pa.array([[1], None], pa.list_view(pa.int64())),
    "large_list": pa.array([[1], None], pa.large_list(pa.int64())),
    "pair": pa.array([[1, 2], None], pa.list_(pa.int8(), 2)),
    "uuid": pa.array([b"0123456789abcdef", None], pa.uuid()),
    "json": pa.array(['{"a": 1}', None], pa.json_()),
    "none": pa.nulls(2),
    "half": pa.array([0.5, None], pa.float16()),
    "nested": pa.array([{"a": [{"b": 1}]}, None]),
    "bytes": pa.array([b"\x00\xff", None]),
    "far": pa.array([2**60, None], pa.timestamp("us")),
    "unsigned": pa.array([2**64 - 1, None], pa.uint64()),
}


def test_parquet_keeps_every_type_and_all_that_is_noted_about_columns(tmp_path: Path) -> None:
    fields = [pa.field(name, column.type, metadata={"about": name}) for name, column in COLUMNS.items()]
    schema = pa.schema(fields, metadata={"owner": "me"})
    pq.write_table(pa.table(COLUMNS, schema=schema), tmp_path / "in.parquet")
    copy(tmp_path / "in.parquet", tmp_path / "out.parquet")
    given, out = pq.read_table(tmp_path / "in.parquet"), pq.read_table(tmp_path / "out.parquet")
    assert out.equals(given, check_metadata=True)
    assert out.schema.types == schema.types


@pytest.mark.parametrize("name", [name for name in COLUMNS if name not in {"bytes", "far"}])
@pytest.mark.parametrize("target", ["o.csv", "o.tsv", "o.jsonl", "o.xlsx"])
def test_other_formats_take_every_type_that_has_a_text(tmp_path: Path, name: str, target: str) -> None:
    write(tmp_path / target, pa.table({"text": ["good", "bad"], name: COLUMNS[name]}))
    assert sum(len(chunk) for chunk in read_chunks(tmp_path / target)) == 2
