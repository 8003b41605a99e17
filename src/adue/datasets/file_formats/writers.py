"""One writer for each format: a function that appends chunks of rows to a file."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from adue.datasets.file_formats.cells import as_text, naming_column, to_rows, write_json
from adue.datasets.file_formats.chunks import CHUNK_ROWS, Chunk, column_names, column_values
from adue.datasets.file_formats.compression import create_text
from adue.foundation.errors import ArtifactError, DataError

Append: TypeAlias = Callable[[Chunk], None]


@contextmanager
def write_json_lines(path: Path, compression: str) -> Iterator[Append]:
    """Yield a function that appends rows as JSON, one object per line."""
    with create_text(path, compression) as file:
        yield lambda chunk: append_json_lines(file, chunk)


def append_json_lines(file: TextIO, chunk: Chunk) -> None:
    """Write rows to an open file, one object per line; what JSON has no word for is written as text.

    Raises
    ------
    DataError
        When a column holds what has no text.
    """
    # Half a surrogate pair goes out as it came in, escaped; UTF-8 has no bytes for it.
    lines = (write_json(row).encode("utf-8", "backslashreplace").decode("utf-8") for row in to_rows(chunk))
    file.writelines(f"{line}\n" for line in lines)


@contextmanager
def write_delimited(path: Path, compression: str, delimiter: str) -> Iterator[Append]:
    """Yield a function that appends rows under a header: the columns of the first chunk.

    Raises
    ------
    DataError
        From the function: when a row has other columns, or a value has no text or no UTF-8.
    """
    with create_text(path, compression) as file:
        plain = csv.writer(file, delimiter=delimiter)
        quoted = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        header: list[str] | None = None

        def append(chunk: Chunk) -> None:
            nonlocal header
            if header is None:
                header = column_names(chunk)
                # A name by itself shows by its quotes that nothing divides it, and how the rows are quoted.
                (quoted if len(header) == 1 or breaks(header) else plain).writerow(header)
            for row in text_rows(chunk, header):
                (quoted if breaks(row) else plain).writerow(row)

        def breaks(row: Sequence[str]) -> bool:
            """Return whether a reader of tabs without quotes would take a text for several."""
            return delimiter == "\t" and any(mark in text for text in row for mark in "\t\r\n")

        yield append


def text_rows(chunk: Chunk, header: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the rows as texts in the order of the columns in `header`.

    Raises
    ------
    DataError
        When a row has a further column, or a value has no text or no UTF-8.
    """
    require_known(chunk, header)
    rows = to_rows(chunk)
    columns: list[list[str]] = []
    for name in header:
        with naming_column(name, "write .jsonl or .parquet instead"):
            columns.append([as_text(row.get(name)) for row in rows])
            "".join(columns[-1]).encode()
    yield from zip(*columns, strict=True)


def require_known(chunk: Chunk, header: Sequence[str]) -> None:
    """Refuse rows with a column that is not in `header`.

    Raises
    ------
    DataError
        When there is one.
    """
    new = next((name for name in column_names(chunk) if name not in header), None)
    if new is not None:
        raise DataError(f"the column '{new}' is not in the first {CHUNK_ROWS:,} rows; write .jsonl instead")


@contextmanager
def write_parquet(path: Path) -> Iterator[Append]:
    """Yield a function that appends rows under the columns and types of the first chunk.

    Raises
    ------
    DataError
        From the function: when rows do not fit these columns and types, or Parquet has no such type.
    ArtifactError
        At the end, when nothing was appended.
    """
    writer: pq.ParquetWriter | None = None

    def append(chunk: Chunk) -> None:
        nonlocal writer
        table = _to_table(chunk, None if writer is None else writer.schema)
        try:
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
        except pa.ArrowException:
            _name_unwritable(table)
            raise

    try:
        yield append
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise ArtifactError("there are no rows, so the Parquet file would have no columns; give rows, or write .jsonl")


def _to_table(chunk: Chunk, schema: pa.Schema | None) -> pa.Table:
    """Return the rows under `schema`, or under one of their own."""
    if isinstance(chunk, pa.Table) and (schema is None or chunk.schema.equals(schema)):
        return chunk
    names = column_names(chunk) if schema is None else schema.names
    require_known(chunk, names)
    columns = {}
    for name in names:
        with naming_column(name, "write .jsonl instead"):
            columns[name] = _to_array(chunk, name, None if schema is None else schema.field(name).type)
    return pa.table(columns, schema=schema)


def _to_array(chunk: Chunk, name: str, dtype: pa.DataType | None) -> Any:
    return chunk[name].cast(dtype) if isinstance(chunk, pa.Table) else pa.array(column_values(chunk, name), dtype)


def _name_unwritable(table: pa.Table) -> None:
    """Raise the error that names the first column that Parquet cannot hold."""
    for name in table.column_names:
        with naming_column(name, "write .jsonl instead"):
            pq.write_table(table.select([name]), pa.BufferOutputStream())
