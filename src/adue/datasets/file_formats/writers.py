"""One writer for each format: a function that appends chunks of rows to a file."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from adue.datasets.file_formats.chunks import CHUNK_ROWS, Chunk, column_names, column_values, to_rows
from adue.datasets.file_formats.compression import create_text
from adue.foundation.errors import ArtifactError, DataError

Append: TypeAlias = Callable[[Chunk], None]


@contextmanager
def write_json_lines(path: Path, compression: str) -> Iterator[Append]:
    """Yield a function that appends rows as JSON, one object per line."""
    with create_text(path, compression) as file:
        yield lambda chunk: append_json_lines(file, chunk)


def append_json_lines(file: TextIO, chunk: Chunk) -> None:
    """Write rows to an open file, one object per line; what JSON has no word for is written as text."""
    for row in to_rows(chunk):
        line = json.dumps(row, ensure_ascii=False, default=str)
        # Half a surrogate pair goes out as it came in, escaped; UTF-8 has no bytes for it.
        file.write(line.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")


@contextmanager
def write_delimited(path: Path, compression: str, delimiter: str) -> Iterator[Append]:
    """Yield a function that appends rows under a header, which the first row or table gives.

    Raises
    ------
    DataError
        From the function: when a row has other columns, or a text has no UTF-8.
    """
    with create_text(path, compression) as file:
        writer: csv.DictWriter[str] | None = None

        def append(chunk: Chunk) -> None:
            nonlocal writer
            if writer is None:
                writer = csv.DictWriter(file, _header(chunk), delimiter=delimiter)
                writer.writeheader()
            try:
                writer.writerows(to_rows(chunk))
            except UnicodeEncodeError as error:
                raise _half_a_pair(error) from error
            except ValueError as error:
                raise DataError(f"a row has other columns than the first ({error}); write .jsonl instead") from error

        yield append


@contextmanager
def write_parquet(path: Path) -> Iterator[Append]:
    """Yield a function that appends rows under the columns and types of the first chunk.

    Raises
    ------
    DataError
        From the function: when rows do not fit these columns and types.
    ArtifactError
        At the end, when nothing was appended.
    """
    writer: pq.ParquetWriter | None = None

    def append(chunk: Chunk) -> None:
        nonlocal writer
        table = _to_table(chunk, None if writer is None else writer.schema)
        if writer is None:
            writer = pq.ParquetWriter(path, table.schema)
        writer.write_table(table)

    try:
        yield append
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise ArtifactError("there are no rows, so the Parquet file would have no columns; give rows, or write .jsonl")


def _header(chunk: Chunk) -> list[str]:
    return column_names(chunk if isinstance(chunk, pa.Table) else chunk[:1])


def _to_table(chunk: Chunk, schema: pa.Schema | None) -> pa.Table:
    """Return the rows under `schema`, or under one of their own."""
    if schema is None and isinstance(chunk, pa.Table):
        return chunk
    names = column_names(chunk) if schema is None else schema.names
    new = next((name for name in column_names(chunk) if name not in names), None)
    if new is not None:
        raise DataError(f"the column '{new}' is not in the first {CHUNK_ROWS:,} rows; write .jsonl instead")
    try:
        if isinstance(chunk, pa.Table):
            return chunk.select(names).cast(schema)
        types = {} if schema is None else {field.name: field.type for field in schema}
        columns = {name: pa.array(column_values(chunk, name), types.get(name)) for name in names}
    except UnicodeEncodeError as error:
        raise _half_a_pair(error) from error
    except pa.ArrowException as error:
        raise DataError(f"a column changes its type between rows ({error}); write .jsonl instead") from error
    return pa.table(columns)


def _half_a_pair(error: UnicodeEncodeError) -> DataError:
    shown = error.object[error.start : error.end].encode("ascii", "backslashreplace").decode("ascii")
    return DataError(f"a text holds half of a surrogate pair ({shown}), which only JSON can; write .jsonl instead")
