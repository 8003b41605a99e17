"""Rows as they pass through in chunks: a table where the file has columns, a list of objects where it is JSON.

Each kind keeps what it holds as it was: a table its types, and its columns even without rows; objects all that JSON
can say and a table cannot.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa

Row: TypeAlias = dict[str, Any]
Chunk: TypeAlias = pa.Table | list[Row]

CHUNK_ROWS = 1024
"""Most rows of a chunk that a reader yields."""


class Column(NamedTuple):
    """Values to add to rows, and Arrow's type for them, which a table keeps."""

    values: list[Any]
    type: pa.DataType


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


def to_rows(chunk: Chunk) -> list[Row]:
    """Return the rows as objects."""
    if isinstance(chunk, pa.Table):
        rows: list[Row] = chunk.to_pylist()
        return rows
    return chunk
