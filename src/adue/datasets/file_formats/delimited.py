"""CSV and TSV files as they are: every row and every text, or one line that says why not."""

import csv
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from adue.datasets.columns import describe_undivided
from adue.datasets.file_formats.chunks import cut, require_distinct
from adue.datasets.file_formats.compression import open_text
from adue.datasets.file_formats.dialects import Dialect, find_dialect
from adue.datasets.file_formats.lines import Lines, Record, string_table
from adue.datasets.file_formats.quoting import malformed, read_tab_fields, refuse_swallowed_rows
from adue.foundation.errors import DataError, DataWarning

# A text may be longer than the 131,072 characters that Python's csv allows a field.
csv.field_size_limit(2**31 - 1)


def read_delimited(path: Path, delimiter: str) -> Iterator[pa.Table]:
    """Yield the rows of a CSV or TSV file, all columns strings: nothing becomes a number or a missing value.

    A file without rows yields one table without rows.

    Raises
    ------
    DataError
        When there is no header, a row does not fit it, or quotes do not match; the message names the line.

    Warns
    -----
    DataWarning
        When the header says that the fields are divided otherwise.
    """
    dialect = find_dialect(path, delimiter)
    with open_text(path, newline=dialect.newline) as file:
        records = _read_records(Lines(file), dialect, path)
        header = next(records, None)
        if header is None:
            raise DataError(f"{path} is empty, without even a header; write the names of the columns into it")
        names = _column_names(header.fields, path)
        if dialect.guessed:
            _warn_of_delimiter(dialect.delimiter, names, path)
        before: Sequence[Record] = []
        rows = (_require_fit(record, header.fields, len(names), dialect, path) for record in records)
        for chunk in cut(rows, empty=True):
            if dialect.quoted:
                refuse_swallowed_rows(chunk, before, dialect.delimiter, path)
            yield string_table(names, [record.fields for record in chunk])
            before = chunk


def _read_records(lines: Lines, dialect: Dialect, path: Path) -> Iterator[Record]:
    """Yield the header and the rows; a blank line is neither."""
    if dialect.has_sep_line:
        next(lines)
    yield from _read_quoted(lines, dialect, path) if dialect.quoted else _read_tabs(lines, path)


def _read_quoted(lines: Lines, dialect: Dialect, path: Path) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=dialect.delimiter, strict=True)
    header: list[str] = []
    while True:
        lines.begin()
        try:
            fields = next(reader, None)
        except csv.Error as error:
            undivided = describe_undivided(header)
            if undivided:
                raise DataError(f"{path}: {undivided}") from error
            raise malformed(path, lines.number - len(lines.taken) + 1, error) from error
        if fields is None:
            return
        if fields:
            header = header or fields
            yield lines.record(fields)


def _read_tabs(lines: Lines, path: Path) -> Iterator[Record]:
    width = 0
    lines.begin()
    for line in lines:
        if line.strip("\r\n"):
            fields = read_tab_fields(line, lines, width, path)
            width = width or len(fields)
            yield lines.record(fields)
        lines.begin()


def _column_names(header: Sequence[str], path: Path) -> list[str]:
    """Return the names up to the last that is not empty: spreadsheets leave delimiters behind the last column."""
    names = list(header)
    while names and not names[-1].strip():
        names.pop()
    if not names:
        raise DataError(f"{path} has no names in its header; write the names of the columns into its first line")
    require_distinct(names, path)
    return names


def _require_fit(record: Record, header: Sequence[str], named: int, dialect: Dialect, path: Path) -> Record:
    if len(record.fields) == len(header):
        if any(record.fields[named:]):
            raise DataError(
                f"{path} has a value in a column without a name, in the row that ends at line {record.last}; "
                "write a name for it into the header"
            )
        return record
    undivided = describe_undivided(header)
    if undivided:
        raise DataError(f"{path}: {undivided}")
    how = f", divided by {_name(dialect.delimiter)}" if dialect.guessed else ""
    raise DataError(
        f"{path} has {len(record.fields)} fields in the row that ends at line {record.last}, but its header has "
        f"{len(header)} ({', '.join(header)}{how}); quote texts that hold the delimiter"
    )


def _warn_of_delimiter(delimiter: str, names: Sequence[str], path: Path) -> None:
    warnings.warn(
        f"{path}: its fields are divided by {_name(delimiter)}, as its header says ({', '.join(names)})",
        DataWarning,
        stacklevel=2,
    )


def _name(delimiter: str) -> str:
    return "tabs" if delimiter == "\t" else f"'{delimiter}'"
