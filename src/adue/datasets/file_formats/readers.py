"""Readers of JSON, Parquet and plain text: the rows of a file in chunks, every text as it is written."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from adue.datasets.file_formats.chunks import CHUNK_ROWS, Row, cut, require_distinct
from adue.datasets.file_formats.compression import open_text
from adue.datasets.file_formats.lines import string_table
from adue.foundation.errors import DataError


def read_lines(path: Path) -> Iterator[pa.Table]:
    """Yield the lines of a text file as the column ``text``: one text a line, also where it is empty; no header."""
    # Only a line feed ends a line, as other programs count lines.
    with open_text(path, newline="\n") as file:
        texts = ([line.removesuffix("\n").removesuffix("\r")] for line in file)
        for chunk in cut(texts, empty=True):
            yield string_table(["text"], chunk)


def read_json(path: Path) -> Iterator[list[Row]]:
    """Yield the rows of a JSON file: one object per line, or one list of objects, whichever its first character says.

    Lines are read as they are asked for, a list as a whole.

    Raises
    ------
    DataError
        When it is not JSON, or holds anything but objects of distinct keys; the message names the line.
    """
    # Only a line feed ends a line: JSON may hold other line separators inside a text.
    with open_text(path, newline="\n") as file:
        yield from read_json_stream(file, str(path))


def read_json_stream(file: TextIO, name: str) -> Iterator[list[Row]]:
    """Yield the rows of an open file as `read_json` does; `name` stands for it in messages."""
    return cut(_read_objects(file, name))


def read_parquet(path: Path) -> Iterator[pa.Table]:
    """Yield the rows of a Parquet file with the types of their columns; one table without rows where it has none.

    Raises
    ------
    DataError
        When it is no whole Parquet file, holds what cannot be read, or the operating system refuses to read it.
    """
    try:
        with pq.ParquetFile(path) as file:
            require_distinct(file.schema_arrow.names, path)
            for batch in file.iter_batches(batch_size=CHUNK_ROWS):
                yield pa.Table.from_batches([batch])
            if not file.metadata.num_rows:
                yield file.schema_arrow.empty_table()
    except pa.ArrowNotImplementedError as error:
        raise DataError(
            f"{path} holds what pyarrow {pa.__version__} cannot read: {_first_line(error)}; write simpler types, or "
            "leave the column out"
        ) from error
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise DataError(f"cannot read {path}: {_first_line(error)}; check its permissions") from error
        raise DataError(f"{path} is not a whole Parquet file: {_first_line(error)}; write it again") from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


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
    row = _parse(line, name, where=f" at line {number}")
    if not isinstance(row, dict):
        raise DataError(f'{name} must hold one object per line, like {{"text": ...}}; line {number} is not one')
    return row


def _parse_list(text: str, name: str) -> list[Row]:
    rows = _parse(text, name, where="")
    other = next((number for number, row in enumerate(rows, start=1) if not isinstance(row, dict)), None)
    if other is not None:
        raise DataError(
            f'{name} must hold a list of objects, like [{{"text": ..., "label": ...}}, ...]; element {other} is not one'
        )
    objects: list[Row] = rows
    return objects


def _parse(text: str, name: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_distinct_keys)
    except _TwiceError as error:
        raise DataError(f"{name} has an object with the key '{error}' twice{where}; write each key once") from error
    except RecursionError as error:
        raise DataError(f"{name} holds JSON nested too deeply{where}; leave that column out") from error
    except ValueError as error:
        raise DataError(
            f"{name} is not valid JSON{where}: {error}; write one object per line, or a list of objects"
        ) from error


class _TwiceError(ValueError):
    """A key that stands twice in an object."""


def _distinct_keys(pairs: Sequence[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _TwiceError(next(key for key in keys if keys.count(key) > 1))
    return row
