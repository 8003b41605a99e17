"""Rows in and out as streams: a file larger than memory passes through in pieces, every column as it was."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from adue.datasets.files import require_distinct
from adue.foundation.errors import ArtifactError, DataError
from adue.foundation.files import atomic_write
from adue.foundation.sources import missing_file

Row = dict[str, Any]
CHUNK_ROWS = 1024
STANDARD = "-"
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_JSON_LINES = {".jsonl", ".ndjson", ".json"}


def read_rows(source: str) -> Iterator[list[Row]]:
    """Yield the rows of a CSV, TSV, JSONL or Parquet file, or of JSON lines on standard input (``-``), in chunks.

    CSV values stay the strings they are.

    Raises
    ------
    DataError
        When the file is not there or a line cannot be read; the message names the line.
    """
    name = "standard input" if source == STANDARD else source
    try:
        yield from _chunked(_json_lines(sys.stdin, name)) if source == STANDARD else _chunks_of_file(source)
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise DataError(f"cannot read {name}: {error.strerror or error}; check its permissions") from error


def parquet_schema(source: str) -> pa.Schema | None:
    """Return the types of the columns of a Parquet file; None where `source` is something else.

    Raises
    ------
    DataError
        When it is no whole Parquet file.
    """
    path = Path(source).expanduser()
    if path.suffix.lower() != ".parquet" or not path.is_file():
        return None
    with _whole_parquet(path):
        return pq.read_schema(path)


def column_names(rows: Iterable[Row]) -> list[str]:
    """Return the names of all columns that any of `rows` has."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _chunks_of_file(source: str) -> Iterator[list[Row]]:
    path = Path(source).expanduser()
    suffix = path.suffix.lower()
    if suffix not in {*_DELIMITERS, *_JSON_LINES, ".parquet"}:
        raise DataError(f"cannot tell the format of '{source}'; use .jsonl, .csv, .tsv, .parquet, or - for JSON lines")
    if not path.is_file():
        raise missing_file(path)
    if suffix == ".parquet":
        yield from _parquet_chunks(path)
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = _json_lines(file, source) if suffix in _JSON_LINES else _csv_rows(file, source, _DELIMITERS[suffix])
        yield from _chunked(rows)


@contextmanager
def write_rows(target: str, schema: pa.Schema | None = None) -> Iterator[Callable[[list[Row]], None]]:
    """Yield a function that appends rows to `target`, which appears when the block ends well and not otherwise.

    The format follows the ending: .jsonl, .csv, .tsv or .parquet; ``-`` writes JSON lines to standard output.

    Parameters
    ----------
    schema
        Types of columns, for Parquet; those of others are told from the first rows.

    Raises
    ------
    DataError
        When the ending is not one of these, or rows do not fit the columns of the first ones.
    ArtifactError
        When the file cannot be written.
    """
    suffix = Path(target).suffix.lower()
    if target == STANDARD:
        yield lambda rows: _write_json_lines(sys.stdout, rows)
    elif suffix in _JSON_LINES | _DELIMITERS.keys():
        with atomic_write(Path(target)) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            delimiter = _DELIMITERS.get(suffix)
            yield (lambda rows: _write_json_lines(file, rows)) if delimiter is None else _csv_writer(file, delimiter)
    elif suffix == ".parquet":
        with atomic_write(Path(target)) as temporary, _parquet_writer(temporary, schema) as append:
            yield append
    else:
        raise DataError(f"cannot tell the format of '{target}'; end it in .jsonl, .csv, .tsv or .parquet")


def _chunked(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK_ROWS)):
        yield chunk


def _json_lines(file: TextIO, name: str) -> Iterator[Row]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.removeprefix("\ufeff"))
        except ValueError as error:
            raise DataError(f"line {number} of {name} is not JSON ({error}); give one object a line") from error
        if not isinstance(row, dict):
            raise DataError(f"line {number} of {name} is not a JSON object; give one object a line")
        yield row


def _csv_rows(file: TextIO, name: str, delimiter: str) -> Iterator[Row]:
    reader = csv.DictReader(file, delimiter=delimiter, strict=True)
    try:
        require_distinct(reader.fieldnames or (), name)
        for row in reader:
            if None in row or None in row.values():
                raise DataError(
                    f"line {reader.line_num} of {name} has another number of fields than the header; "
                    "quote fields that hold the delimiter or a line break"
                )
            yield dict(row)
    except csv.Error as error:
        raise DataError(f"line {reader.line_num} of {name} is not CSV ({error}); check its quotes") from error


def _parquet_chunks(path: Path) -> Iterator[list[Row]]:
    with _whole_parquet(path):
        for batch in pq.ParquetFile(path).iter_batches(batch_size=CHUNK_ROWS):
            yield batch.to_pylist()


@contextmanager
def _whole_parquet(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is not a whole Parquet file ({error}); write it again") from error


def _write_json_lines(file: TextIO, rows: Sequence[Row]) -> None:
    for row in rows:
        line = json.dumps(row, ensure_ascii=False, default=str)
        # Half a surrogate pair goes out as it came in, escaped; UTF-8 has no bytes for it.
        file.write(line.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")


def _csv_writer(file: TextIO, delimiter: str) -> Callable[[list[Row]], None]:
    writer: csv.DictWriter[str] | None = None

    def append(rows: list[Row]) -> None:
        nonlocal writer
        if writer is None and rows:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
            writer.writeheader()
        try:
            if writer is not None:
                writer.writerows(rows)
        except UnicodeEncodeError as error:
            raise _half_a_pair(error) from error
        except ValueError as error:
            raise DataError(f"a row has other columns than the first ({error}); write .jsonl instead") from error

    return append


@contextmanager
def _parquet_writer(path: Path, schema: pa.Schema | None) -> Iterator[Callable[[list[Row]], None]]:
    writer: pq.ParquetWriter | None = None

    def append(rows: list[Row]) -> None:
        nonlocal writer
        known = schema if writer is None else writer.schema
        types = {} if known is None else {field.name: field.type for field in known}
        names = column_names(rows) if writer is None else writer.schema.names
        new = [name for name in column_names(rows) if name not in names]
        if new:
            raise DataError(f"the column '{new[0]}' is not in the first {CHUNK_ROWS:,} rows; write .jsonl instead")
        try:
            columns = {name: pa.array([row.get(name) for row in rows], types.get(name)) for name in names}
        except UnicodeEncodeError as error:
            raise _half_a_pair(error) from error
        except pa.ArrowException as error:
            raise DataError(f"a column changes its type between rows ({error}); write .jsonl instead") from error
        table = pa.table(columns)
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


def _half_a_pair(error: UnicodeEncodeError) -> DataError:
    shown = error.object[error.start : error.end].encode("ascii", "backslashreplace").decode("ascii")
    return DataError(f"a text holds half of a surrogate pair ({shown}), which only JSON can; write .jsonl instead")
