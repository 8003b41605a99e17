"""Values of any column as Python has them, and as text: what a file without types can hold of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from adue.datasets.file_formats.chunks import Chunk, Row
from adue.foundation.errors import DataError


@contextmanager
def naming_column(name: str, cure: str) -> Iterator[None]:
    """Turn what conversions raise inside the block into one line that names the column; `cure` ends it.

    Raises
    ------
    DataError
        When the block raises what Python, Arrow or JSON raise of values that do not fit.
    """
    try:
        yield
    except DataError:
        raise
    except UnicodeEncodeError as error:
        shown = error.object[error.start : error.end].encode("ascii", "backslashreplace").decode("ascii")
        raise DataError(
            f"the column '{name}' holds half of a surrogate pair ({shown}), which only JSON can; write .jsonl instead"
        ) from error
    except (pa.ArrowException, ArithmeticError, ValueError, TypeError, NotImplementedError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"the column '{name}' cannot be written: {reason}; {cure}") from error


def to_rows(chunk: Chunk) -> list[Row]:
    """Return the rows as objects.

    Raises
    ------
    DataError
        When a column holds values that Python does not have, such as a date after the year 9999.
    """
    if not isinstance(chunk, pa.Table):
        return chunk
    columns = []
    for name in chunk.column_names:
        with naming_column(name, "write .parquet instead"):
            columns.append(chunk[name].to_pylist())
    return [dict(zip(chunk.column_names, values, strict=True)) for values in zip(*columns, strict=True)]


def write_json(row: Row) -> str:
    """Return a row as a JSON object, where what JSON has no word for is written as text.

    Raises
    ------
    DataError
        When a column holds bytes.
    """
    try:
        return _dump(row)
    except TypeError:
        for name, value in row.items():
            with naming_column(name, "write .parquet instead"):
                _dump(value)
        raise


def as_text(value: Any) -> str:
    """Return a value as text: objects and lists as JSON, None as nothing.

    Raises
    ------
    TypeError
        When it is, or holds, bytes.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return _dump(value) if isinstance(value, dict | list | tuple) else _as_string(value)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_as_string)


def _as_string(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        raise TypeError("it holds bytes, which have no text")
    return str(value)
