"""Reading one file of rows: CSV, TSV, JSON lines, JSON or Parquet; in memory, every text as it is written."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset

from adue.foundation.errors import DataError
from adue.foundation.sources import missing_file

# A text may be longer than the 131,072 characters that Python's csv allows a field.
csv.field_size_limit(2**31 - 1)


def read_file(path: Path) -> Dataset:
    """Return the rows of the file at `path`, which its ending tells how to read.

    Every column of a CSV or TSV file is a string, exactly as written: nothing becomes a number or a missing value.

    Raises
    ------
    DataError
        When there is no such file, it is of no known kind, is not UTF-8, is malformed, or holds no rows.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(f"cannot read {path}: its ending must be one of {', '.join(READERS)}")
    if not path.is_file():
        raise missing_file(path)
    try:
        rows = reader(path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; check its permissions") from error
    if not len(rows):
        raise DataError(f"{path} holds no rows; give a file with at least one row below the header")
    return rows


def require_distinct(header: Sequence[str], name: str) -> None:
    """Refuse a header of the file `name` in which two columns are called the same: one would hide the other."""
    if len(set(header)) != len(header):
        raise DataError(f"{name} has two columns of the same name in its header ({', '.join(header)}); rename one")


def _read_delimited(path: Path, delimiter: str) -> Dataset:
    reader = csv.reader(io.StringIO(_decode(path), newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        header = next(reader, [])
        for row in reader:
            if row:  # a blank line is not a row
                _check_width(path, reader.line_num, row, header)
                rows.append(row)
    except csv.Error as error:
        mend = "quote a text that holds quotes and double them, or write JSON lines"
        raise DataError(f"{path} is malformed at line {reader.line_num}: {error}; {mend}") from error
    require_distinct(header, str(path))
    return Dataset.from_dict({name: [row[index] for row in rows] for index, name in enumerate(header)})


def _check_width(path: Path, line: int, row: list[str], header: list[str]) -> None:
    if len(row) != len(header):
        raise DataError(
            f"{path} has {len(row)} fields in the row that ends at line {line}, but its header has {len(header)} "
            f"({', '.join(header)}); quote texts that hold the delimiter"
        )


def _read_json_lines(path: Path) -> Dataset:
    rows = []
    for number, line in enumerate(_decode(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path} is not valid JSON at line {number}: {error}; mend or drop this line") from error
        if not isinstance(row, dict):
            raise DataError(f'{path} must hold one object per line, like {{"text": ...}}; line {number} is not one')
        rows.append(row)
    return _from_objects(path, rows)


def _read_json(path: Path) -> Dataset:
    try:
        rows = json.loads(_decode(path))
    except ValueError as error:
        raise DataError(f"{path} is not valid JSON: {error}; one object per line needs the ending .jsonl") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(f'{path} must hold a list of objects, like [{{"text": ..., "label": ...}}, ...]')
    return _from_objects(path, rows)


def _read_parquet(path: Path) -> Dataset:
    try:
        return Dataset(pq.read_table(path))
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} is not a readable Parquet file: {reason}; write it again") from error


READERS: dict[str, Callable[[Path], Dataset]] = {
    ".csv": partial(_read_delimited, delimiter=","),
    ".tsv": partial(_read_delimited, delimiter="\t"),
    ".jsonl": _read_json_lines,
    ".json": _read_json,
    ".parquet": _read_parquet,
}
"""How to read a file, by its ending."""


def _from_objects(path: Path, rows: list[dict[str, Any]]) -> Dataset:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        try:
            columns[name] = pa.array([row.get(name) for row in rows])
        except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
            raise DataError(
                f"{path}: the values of '{name}' do not make one column: {str(error).splitlines()[0]}; "
                "write values of one kind"
            ) from error
    return Dataset(pa.table(columns))


def _decode(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")  # spreadsheets write a byte order mark
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path} is not UTF-8 at line {line}: {error.reason}; save the file as UTF-8") from error
