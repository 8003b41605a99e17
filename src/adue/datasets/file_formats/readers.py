"""One reader for each format: the rows of a file in chunks, every text as it is written."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TextIO, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from adue.datasets.columns import describe_undivided
from adue.datasets.file_formats.chunks import CHUNK_ROWS, Row
from adue.datasets.file_formats.compression import open_text
from adue.foundation.errors import DataError

Item = TypeVar("Item")

# A text may be longer than the 131,072 characters that Python's csv allows a field.
csv.field_size_limit(2**31 - 1)


def read_delimited(path: Path, delimiter: str) -> Iterator[pa.Table]:
    """Yield the rows of a CSV or TSV file, all columns strings: nothing becomes a number or a missing value.

    A file without rows yields one table without rows.

    Raises
    ------
    DataError
        When a row does not fit the header or quotes do not match; the message names the line.
    """
    with open_text(path, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        header: list[str] | None = None
        try:
            # A blank line is not a row, and not a header.
            header = next(filter(None, reader), None)
            if header is None:
                return
            _require_distinct(header, path)
            rows = (_require_width(row, header, path, reader.line_num) for row in filter(None, reader))
            first = next(_cut(rows), [])
            yield _string_table(header, first)
            for chunk in _cut(rows):
                yield _string_table(header, chunk)
        except csv.Error as error:
            undivided = describe_undivided(header or [])
            if undivided:
                raise DataError(f"{path}: {undivided}") from error
            cure = "quote a text that holds quotes and double them, or write JSON lines"
            raise DataError(f"{path} is malformed at line {reader.line_num}: {error}; {cure}") from error


def read_json(path: Path) -> Iterator[list[Row]]:
    """Yield the rows of a JSON file: one object per line, or one list of objects, whichever its first character says.

    Lines are read as they are asked for, a list as a whole.

    Raises
    ------
    DataError
        When it is not JSON, or holds anything but objects; the message names the line.
    """
    # Only a line feed ends a line: JSON may hold other line separators inside a text.
    with open_text(path, newline="\n") as file:
        yield from read_json_stream(file, str(path))


def read_json_stream(file: TextIO, name: str) -> Iterator[list[Row]]:
    """Yield the rows of an open file as `read_json` does; `name` stands for it in messages."""
    return _cut(_read_objects(file, name))


def read_parquet(path: Path) -> Iterator[pa.Table]:
    """Yield the rows of a Parquet file with the types of their columns; one table without rows where it has none.

    Raises
    ------
    DataError
        When it is no whole Parquet file, or cannot be read.
    """
    try:
        with pq.ParquetFile(path) as file:
            _require_distinct(file.schema_arrow.names, path)
            for batch in file.iter_batches(batch_size=CHUNK_ROWS):
                yield pa.Table.from_batches([batch])
            if not file.metadata.num_rows:
                yield file.schema_arrow.empty_table()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        if getattr(error, "errno", None) is not None:
            raise DataError(f"cannot read {path}: {reason}; check its permissions") from error
        raise DataError(f"{path} is not a whole Parquet file: {reason}; write it again") from error


def _cut(rows: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK_ROWS)):
        yield chunk


def _string_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> pa.Table:
    columns = {name: [row[index] for row in rows] for index, name in enumerate(header)}
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in header]))


def _require_distinct(header: Sequence[str], path: Path) -> None:
    if len(set(header)) != len(header):
        raise DataError(f"{path} has two columns of the same name in its header ({', '.join(header)}); rename one")


def _require_width(row: list[str], header: list[str], path: Path, line: int) -> list[str]:
    if len(row) == len(header):
        return row
    undivided = describe_undivided(header)
    if undivided:
        raise DataError(f"{path}: {undivided}")
    raise DataError(
        f"{path} has {len(row)} fields in the row that ends at line {line}, but its header has {len(header)} "
        f"({', '.join(header)}); quote texts that hold the delimiter"
    )


def _read_objects(file: TextIO, name: str) -> Iterator[Row]:
    first = True
    for number, line in enumerate(file, start=1):
        # Standard input is not opened here, so that a byte order mark is still in it.
        written = line.removeprefix("\ufeff") if number == 1 else line
        if not written.strip():
            continue
        if first and written.lstrip().startswith("["):
            # Empty lines in front keep the numbers of lines in messages.
            yield from _parse_list("\n" * (number - 1) + written + file.read(), name)
            return
        first = False
        yield _parse_line(written, number, name)


def _parse_line(line: str, number: int, name: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(
            f"{name} is not valid JSON at line {number}: {error}; write one object per line, or a list of objects"
        ) from error
    if not isinstance(row, dict):
        raise DataError(f'{name} must hold one object per line, like {{"text": ...}}; line {number} is not one')
    return row


def _parse_list(text: str, name: str) -> list[Row]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise DataError(
            f"{name} is not valid JSON: {error}; write one object per line, or a list of objects"
        ) from error
    other = next((number for number, row in enumerate(rows, start=1) if not isinstance(row, dict)), None)
    if other is not None:
        raise DataError(
            f'{name} must hold a list of objects, like [{{"text": ..., "label": ...}}, ...]; element {other} is not one'
        )
    objects: list[Row] = rows
    return objects
