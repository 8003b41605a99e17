"""Every format and compression: what is written comes back equal, by both readers."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adue.datasets import read_file
from adue.datasets.file_formats.cells import to_rows
from adue.datasets.file_formats.chunks import CHUNK_ROWS, column_names
from adue.datasets.file_formats.compression import COMPRESSIONS
from adue.datasets.file_formats.formats import FORMATS, find_format, read_chunks, write_chunks

ENDINGS = [
    f"{ending}{compression}"
    for (ending, found), compression in product(FORMATS.items(), ["", *COMPRESSIONS])
    if found.write and (found.compressible or not compression) and compression != ".zip"
]
# Half of a surrogate pair has no UTF-8; Excel has no control characters.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TEXT_OF_EXCEL = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]) | st.sampled_from("\r\n\t"), max_size=20)


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with write_chunks(path) as append:
        append(rows)


def stream(path: Path) -> list[dict[str, Any]]:
    return [row for chunk in read_chunks(path) for row in to_rows(chunk)]


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@pytest.mark.parametrize("ending", ENDINGS)
def test_rows_come_back_equal_by_both_readers(tmp_path: Path, ending: str, data: st.DataObject) -> None:
    texts = data.draw(st.lists(TEXT_OF_EXCEL if ending == ".xlsx" else TEXT, min_size=1, max_size=5))
    path = tmp_path / f"rows{ending}"
    rows = [{"id": str(number), "text": text} for number, text in enumerate(texts)]
    write(path, rows)
    assert stream(path) == rows
    assert read_file(path).to_list() == rows


@pytest.mark.parametrize("ending", ENDINGS)
def test_many_rows_come_back_in_chunks_and_as_one_data_set(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows{ending}"
    rows = [{"text": f"text {number}", "label": str(number % 3)} for number in range(2 * CHUNK_ROWS + 1)]
    write(path, rows)
    assert [len(chunk) for chunk in read_chunks(path)] == [CHUNK_ROWS, CHUNK_ROWS, 1]
    assert read_file(path).to_list() == rows


@given(values=st.lists(st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers()), min_size=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@pytest.mark.parametrize("ending", [".json", ".jsonl", ".ndjson"])
def test_a_list_and_lines_of_json_are_the_same_under_every_ending(
    tmp_path: Path, ending: str, values: list[Any]
) -> None:
    path = tmp_path / f"rows{ending}"
    rows = [{"value": value} for value in values]
    path.write_text("\n".join(map(json.dumps, rows)))
    lines = stream(path)
    path.write_text(json.dumps(rows, indent=1))
    assert stream(path) == lines == rows


@pytest.mark.parametrize("ending", [ending for ending in ENDINGS if not ending.startswith((".json", ".ndjson"))])
def test_columns_are_there_without_rows(tmp_path: Path, ending: str) -> None:
    source, path = tmp_path / "header.csv", tmp_path / f"rows{ending}"
    source.write_text("text,label\n")
    with write_chunks(path) as append:
        for chunk in read_chunks(source):
            append(chunk)
    assert [(len(chunk), column_names(chunk)) for chunk in read_chunks(path)] == [(0, ["text", "label"])]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.csv.gz", "b.csv.gz"):
        write(tmp_path / name, [{"text": "a"}])
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


@pytest.mark.parametrize("compression", [".gz", ".xz", ".zst"])
def test_a_compressed_file_that_was_cut_short_is_one_line(tmp_path: Path, compression: str) -> None:
    path = tmp_path / f"rows.csv{compression}"
    write(path, [{"text": "a" * 100, "label": str(number)} for number in range(100)])
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(ValueError, match=rf"rows\.csv{compression} is not a whole \{compression} file: .*; write it"):
        stream(path)


def test_an_ending_that_is_none_of_ours_has_no_format() -> None:
    assert [find_format(Path(name)) for name in ("a.doc", "csv", "a.gz", "a")] == [None] * 4
