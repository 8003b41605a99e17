"""Files and folders as rows of `datasets`, in memory: all chunks of a stream as one data set."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import Dataset, DatasetDict

from adue.datasets.file_formats.chunks import Chunk, Row, column_names
from adue.datasets.file_formats.formats import read_chunks
from adue.datasets.file_formats.save_to_disk import is_saved, load_saved
from adue.datasets.file_formats.shards import find_shards, find_splits, read_folder_chunks, read_shards
from adue.foundation.errors import DataError


def read_file(path: Path) -> Dataset:
    """Return the rows of the file at `path`, which its ending tells how to read.

    Every column of a CSV or TSV file is a string, exactly as written: nothing becomes a number or a missing value.

    Raises
    ------
    DataError
        When there is no such file, it is of no known kind, is not UTF-8, is malformed, or holds no rows.
    """
    return _collect(read_chunks(path), path)


def read_folder(folder: Path) -> Dataset | DatasetDict:
    """Return the splits in `folder`, or its rows where nothing in it is called like a split.

    Raises
    ------
    DataError
        When two files are the same split, there are no files of rows, or one cannot be read.
    """
    if is_saved(folder):
        return load_saved(folder)
    splits = find_splits(folder)
    if not splits:
        return _collect(read_shards(find_shards(folder)), folder)
    return DatasetDict({split: _read_split(paths) for split, paths in splits.items()})


def _read_split(paths: Sequence[Path]) -> Dataset:
    (first, *_) = paths
    return _collect(read_folder_chunks(first) if first.is_dir() else read_shards(paths), first)


def _collect(chunks: Iterable[Chunk], path: Path) -> Dataset:
    tables: list[pa.Table] = []
    rows: list[Row] = []
    for chunk in chunks:
        if isinstance(chunk, pa.Table):
            tables.append(chunk)
        else:
            rows += chunk
    table = pa.concat_tables(tables) if tables else _make_table(rows, path)
    if not len(table):
        raise DataError(f"{path} holds no rows; give a file with at least one row below the header")
    return Dataset(table)


def _make_table(rows: Sequence[Row], path: Path) -> pa.Table:
    return pa.table({name: _make_column([row.get(name) for row in rows], name, path) for name in column_names(rows)})


def _make_column(values: Sequence[Any], name: str, path: Path) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
        raise DataError(
            f"{path}: the values of '{name}' do not make one column: {str(error).splitlines()[0]}; "
            "write values of one kind"
        ) from error
