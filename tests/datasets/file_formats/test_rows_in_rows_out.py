"""Tables as other programs write them: every row and text comes in, by both readers alike, or one line says why not."""

import csv
import io
import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError

from adue import AdueError
from adue.datasets import load_splits
from adue.datasets.file_formats.chunks import column_values
from adue.datasets.file_formats.stream import read_rows, write_rows
from adue.foundation.errors import DataWarning

LABELS = {"no": 0, "yes": 1}
# Parts that readers of files stumble over, and any text.
PARTS = st.sampled_from(
    ['"', '""', ",", ";", "\t", "\n", "\r\n", "\r", "\\", "'", "\ufeff", "\u2028", "\x00", " ", "no", "=1"]
)
TEXTS = st.lists(PARTS | st.text(max_size=4), max_size=6).map("".join)
OTHERS: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "x", 0, -1.5, True, 2**64, 10**400, float("nan"), [], {}, {"a": [{}]}, [1, "a"], "a\nb", "\ud800"]
)
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from(sorted(LABELS)), OTHERS), min_size=1, max_size=6)
Rows = list[tuple[str, str, Any]]
NAMES = ["text", "label", "other"]


def write_csv(path: Path, rows: Rows, **dialect: Any) -> None:
    with path.open("w", newline="", encoding=dialect.pop("encoding", "utf-8")) as file:
        csv.writer(file, **dialect).writerows([NAMES, *rows])


def write_pandas(path: Path, rows: Rows, sep: str) -> None:
    pd.DataFrame(rows, columns=NAMES).to_csv(path, sep=sep, index=False)


def write_lines(path: Path, rows: Rows, **options: Any) -> None:
    path.write_text("".join(json.dumps(dict(zip(NAMES, row, strict=True)), **options) + "\n" for row in rows))


def write_list(path: Path, rows: Rows) -> None:
    path.write_text(json.dumps([dict(zip(NAMES, row, strict=True)) for row in rows], indent=2))


def write_parquet(path: Path, rows: Rows, kind: pa.DataType) -> None:
    columns = dict(zip(NAMES, map(list, zip(*rows, strict=True)), strict=True))
    pq.write_table(pa.table({**columns, "text": pa.array(columns["text"]).cast(kind)}), path)


def write_workbook(path: Path, rows: Rows) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(NAMES)
    for number, (text, label, other) in enumerate(rows, start=2):
        # As Excel writes them: openpyxl makes formulas of texts, and loses the carriage return.
        cell = sheet.cell(number, 1, text.replace("\r", "_x000D_"))
        cell.data_type = "s"
        sheet.cell(number, 2, label)
        sheet.cell(number, 3, str(other).replace("=", ""))
    book.save(path)


def write_ours(path: Path, rows: Rows) -> None:
    with write_rows(str(path)) as append:
        append([dict(zip(NAMES, row, strict=True)) for row in rows])


QUOTING = {"minimal": csv.QUOTE_MINIMAL, "all": csv.QUOTE_ALL, "text": csv.QUOTE_NONNUMERIC}
DELIMITER = {"csv": ",", "tsv": "\t", "semicolon.csv": ";"}
WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    **{
        f"{name}.{ending}": partial(write_csv, quoting=quoting, delimiter=delimiter)
        for name, quoting in QUOTING.items()
        for ending, delimiter in DELIMITER.items()
    },
    "unix.csv": partial(write_csv, lineterminator="\n"),
    "utf16.csv": partial(write_csv, encoding="utf-16"),
    "mark.csv": partial(write_csv, encoding="utf-8-sig"),
    "pandas.csv": partial(write_pandas, sep=","),
    "pandas.tsv": partial(write_pandas, sep="\t"),
    "pandas.csv.zip": partial(write_pandas, sep=","),
    "lines.jsonl": write_lines,
    "plain.ndjson": partial(write_lines, ensure_ascii=False),
    "list.json": write_list,
    "string.parquet": partial(write_parquet, kind=pa.string()),
    "large.parquet": partial(write_parquet, kind=pa.large_string()),
    "view.parquet": partial(write_parquet, kind=pa.string_view()),
    "category.parquet": partial(write_parquet, kind=pa.dictionary(pa.int32(), pa.string())),
    "book.xlsx": write_workbook,
    **{f"ours{ending}": write_ours for ending in (".csv", ".tsv", ".jsonl", ".parquet", ".xlsx", ".tsv.gz")},
}


def by_stream(path: Path) -> list[Any]:
    return [text for chunk in read_rows(str(path)) for text in column_values(chunk, "text")]


def by_splits(path: Path) -> list[Any]:
    return list(load_splits(path, need=["test"], label2id=LABELS)["test"]["text"])


def outcome(read: Callable[[Path], list[Any]], path: Path) -> list[Any] | None:
    """Return the texts, None where one line says why there are none."""
    try:
        with warnings.catch_warnings():
            # Of empty texts and other delimiters.
            warnings.simplefilter("ignore", DataWarning)
            return read(path)
    except AdueError as error:
        assert "\n" not in str(error).replace(str(path), "")  # noqa: PT017
        return None


@given(rows=ROWS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@pytest.mark.parametrize("name", list(WRITERS))
def test_every_row_and_text_comes_in_by_both_readers_or_one_line_says_why(
    tmp_path: Path, name: str, rows: Rows
) -> None:
    path = tmp_path / name
    try:
        WRITERS[name](path, rows)
    except (AdueError, pa.ArrowException, ValueError, OverflowError, IllegalCharacterError):
        return
    texts = [text for text, *_ in rows]
    stream, splits = outcome(by_stream, path), outcome(by_splits, path)
    assert stream in (texts, None)
    assert splits in (texts, None)
    if "json" not in name:
        # Only JSON holds what a table cannot: half of a surrogate pair.
        assert stream == splits


@given(texts=st.lists(TEXTS, min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_every_line_of_a_text_file_is_a_row(tmp_path: Path, texts: list[str]) -> None:
    lines = [text.replace("\n", " ").rstrip("\r") for text in texts]
    (tmp_path / "rows.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8-sig", newline="")
    assert by_stream(tmp_path / "rows.txt") == lines


@given(rows=st.lists(st.tuples(TEXTS, st.integers(0, 1)), min_size=1, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
def test_rows_of_tabs_without_any_quoting_are_all_there_or_one_line(
    tmp_path: Path, rows: list[tuple[str, int]]
) -> None:
    clean = [(" ".join(text.split()) or "x", label) for text, label in rows]
    path = tmp_path / "rows.tsv"
    path.write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in clean), encoding="utf-8")
    read = outcome(by_stream, path)
    assert read is None or len(read) == len(rows)
    assert read is None or all(text in (given, unquoted(given)) for text, (given, _) in zip(read, clean, strict=True))


def unquoted(text: str) -> str:
    (fields,) = csv.reader(io.StringIO(text, newline="")) if text else ([""],)
    return fields[0]
