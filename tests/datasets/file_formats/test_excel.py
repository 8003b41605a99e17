"""Workbooks: what people keep in them comes in as text, and what goes out is what it was."""

import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from adue.datasets import read_file
from adue.datasets.file_formats import excel
from adue.datasets.file_formats.cells import to_rows
from adue.datasets.file_formats.chunks import CHUNK_ROWS, Chunk
from adue.datasets.file_formats.formats import read_chunks, write_chunks
from adue.foundation.errors import DataError, MissingExtraError


def save(path: Path, *sheets: list[list[Any]]) -> Path:
    """Save a workbook as a person's program does."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def rows_of(path: Path) -> list[list[str]]:
    rows = [list(row.values()) for chunk in read_chunks(path) for row in to_rows(chunk)]
    assert [list(row.values()) for row in read_file(path).to_list()] == rows
    return rows


def write(path: Path, chunk: Chunk) -> None:
    with write_chunks(path) as append:
        append(chunk)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("good, film\nso", "good, film\nso"),
        (5, "5"),
        (5.0, "5"),
        (0.25, "0.25"),
        (True, "True"),
        (None, ""),
        ("0012", "0012"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),  # noqa: DTZ001 - a workbook has no time zones
        (time(3, 4), "03:04:00"),
        ("a_x000D_\nb", "a\r\nb"),
        ("_x005F_x000D_", "_x000D_"),
    ],
)
def test_every_cell_is_text(tmp_path: Path, value: Any, text: str) -> None:
    path = save(tmp_path / "rows.xlsx", [["id", "text", "label"], [1, value, "b"], [2, "z", "a"]])
    assert rows_of(path) == [["1", text, "b"], ["2", "z", "a"]]


def test_a_formula_is_its_last_value(tmp_path: Path) -> None:
    # openpyxl computes nothing, so that a formula of its own has no value.
    assert rows_of(save(tmp_path / "rows.xlsx", [["text", "label"], ["a", "=1+1"], ["b", "1"]])) == [
        ["a", ""],
        ["b", "1"],
    ]


def test_empty_rows_count_only_before_others(tmp_path: Path) -> None:
    path = save(tmp_path / "rows.xlsx", [[], ["text", "label", None], ["a", 1], [None, None], ["b", 0], [None], []])
    assert rows_of(path) == [["a", "1"], ["", ""], ["b", "0"]]


def test_empty_and_hidden_sheets_are_none(tmp_path: Path) -> None:
    path = save(tmp_path / "rows.xlsx", [], [["text"], ["a"]], [["note"], ["b"]])
    book = openpyxl.load_workbook(path)
    book.worksheets[2].sheet_state = "hidden"
    book.save(path)
    assert rows_of(path) == [["a"]]


@pytest.mark.parametrize(
    ("sheets", "words"),
    [
        ([[["text"], ["a"]], [["text"], ["b"]]], "has rows on several sheets, 'Sheet' and 'Sheet1'; save the one"),
        ([[]], "is empty, without even a header; write the names of the columns into its first row"),
        (
            [[["text", "text"], ["a", "b"]]],
            r"has two columns of the same name in its header \(text, text\); rename one",
        ),
        ([[["text"], ["a", "b"]]], "has the value 'b' in a column without a name; write a name for it"),
    ],
)
def test_what_is_no_table_is_one_line(tmp_path: Path, sheets: list[list[list[Any]]], words: str) -> None:
    with pytest.raises(DataError, match=rf"rows\.xlsx {words}"):
        rows_of(save(tmp_path / "rows.xlsx", *sheets))


@pytest.mark.parametrize("content", [b"", b"text,label\n", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_workbook_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rows.xlsx"
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=r"rows\.xlsx is not a whole \.xlsx file: .*; save it again as \.xlsx"
    ) as caught:
        rows_of(path)
    assert "\n" not in str(caught.value)


def test_a_workbook_that_was_cut_short_is_one_line(tmp_path: Path) -> None:
    path = save(tmp_path / "rows.xlsx", [["text"], *([f"text {n}"] for n in range(100))])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"rows\.xlsx is not a whole \.xlsx file"):
        rows_of(path)


def test_many_rows_come_in_chunks(tmp_path: Path) -> None:
    path = save(tmp_path / "rows.xlsx", [["text"], *([f"text {n}"] for n in range(CHUNK_ROWS + 1))])
    assert [len(chunk) for chunk in read_chunks(path)] == [CHUNK_ROWS, 1]


def test_columns_without_rows_are_columns(tmp_path: Path) -> None:
    (chunk,) = read_chunks(save(tmp_path / "rows.xlsx", [["text", "label"]]))
    assert isinstance(chunk, pa.Table)
    assert (chunk.num_rows, chunk.column_names) == (0, ["text", "label"])


@pytest.mark.parametrize(
    "text",
    ["=1+1", "#N/A", "a\rb", "a\r\nb", "_x000D_", "_x0041_x0042_", "_x0041\r", "0012", " x ", "TRUE", "-1", "1e5"],
)
def test_text_that_is_written_stays_text(tmp_path: Path, text: str) -> None:
    write(tmp_path / "rows.xlsx", [{"text": text, "n": 1}])
    assert rows_of(tmp_path / "rows.xlsx") == [[text, "1"]]
    (cell, _) = openpyxl.load_workbook(tmp_path / "rows.xlsx").worksheets[0][2]
    assert cell.data_type in {"s", "inlineStr"}


def test_numbers_that_are_written_stay_numbers_where_excel_has_them(tmp_path: Path) -> None:
    write(
        tmp_path / "rows.xlsx",
        [{"a": 0.125, "b": 2**70, "c": True, "d": float("nan"), "e": [1, {"x": None}], "f": None}],
    )
    sheet = openpyxl.load_workbook(tmp_path / "rows.xlsx").worksheets[0]
    assert [cell.value for cell in sheet[2]] == [0.125, str(2**70), True, "nan", '[1, {"x": null}]', None]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a" * 32_768, "a text has 32,768 characters, and a cell of Excel holds 32,767"),
        ("a\x0bb", "a text holds a character that Excel does not have"),
        ("\uffff", "a text holds a character that Excel does not have"),
        (b"a", "it holds bytes, which have no text"),
    ],
)
def test_what_excel_cannot_hold_is_one_line_and_leaves_nothing(tmp_path: Path, value: Any, words: str) -> None:
    with pytest.raises(DataError, match=rf"the column 'text' cannot be written: {words}; write \.csv, \.jsonl or"):
        write(tmp_path / "rows.xlsx", [{"text": value}])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("limit", "words"), [("MOST_ROWS", "rows"), ("MOST_COLUMNS", "columns")])
def test_more_than_a_sheet_holds_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, words: str
) -> None:
    monkeypatch.setattr(excel, limit, 2)
    with pytest.raises(DataError, match=rf"there are more {words} than a sheet of Excel holds \(2\); write \.csv"):
        write(tmp_path / "rows.xlsx", [{"a": 1, "b": 2, "c": 3}] * 2)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "rows.xlsx", [["text"], ["a"]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r'need the package openpyxl; run pip install "adue\[xlsx\]"'):
        list(read_chunks(path))
    with pytest.raises(MissingExtraError, match="openpyxl"):
        write(tmp_path / "out.xlsx", [{"a": 1}])
