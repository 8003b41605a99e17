"""Rows as they pass through in chunks: a table where the file has columns, a list of objects where it is JSON.

Each kind keeps what it holds as it was: a table its types, and its columns even without rows; objects all that JSON
can say and a table cannot.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

import pyarrow as pa

from adue.foundation.errors import DataError

Item = TypeVar("Item")
Row: TypeAlias = dict[str, Any]
Chunk: TypeAlias = pa.Table | list[Row]

CHUNK_ROWS = 1024
"""Most rows of a chunk that a reader yields."""


class Column(NamedTuple):
    """Values to add to rows, and Arrow's type for them, which a table keeps."""

    values: list[Any]
    type: pa.DataType


def cut(rows: Iterable[Item], *, empty: bool = False) -> Iterator[list[Item]]:
    """Yield rows in lists of CHUNK_ROWS; where there are none and `empty` is set, one list without rows."""
    iterator = iter(rows)
    chunk = list(islice(iterator, CHUNK_ROWS))
    if empty and not chunk:
        yield chunk
    while chunk:
        yield chunk
        chunk = list(islice(iterator, CHUNK_ROWS))


def require_distinct(names: Sequence[str], path: Path) -> None:
    """Refuse columns of which two have the same name.

    Raises
    ------
    DataError
        When there are such; the message lists all.
    """
    if len(set(names)) != len(names):
        raise DataError(f"{path} has two columns of the same name in its header ({', '.join(names)}); rename one")


def column_names(chunk: Chunk) -> list[str]:
    """Return the names of all columns that any row has."""
    if isinstance(chunk, pa.Table):
        names: list[str] = chunk.column_names
        return names
    return list(dict.fromkeys(name for row in chunk for name in row))


def column_values(chunk: Chunk, name: str) -> list[Any]:
    """Return the values of one column, None where a row lacks it."""
    if isinstance(chunk, pa.Table):
        values: list[Any] = chunk[name].to_pylist()
        return values
    return [row.get(name) for row in chunk]


def add_columns(chunk: Chunk, columns: Mapping[str, Column]) -> Chunk:
    """Return the rows with further columns, as long as they are, behind their own."""
    if isinstance(chunk, pa.Table):
        for name, column in columns.items():
            chunk = chunk.append_column(name, pa.array(column.values, column.type))
        return chunk
    new = zip(*(column.values for column in columns.values()), strict=True)
    return [row | dict(zip(columns, values, strict=True)) for row, values in zip(chunk, new, strict=True)]
