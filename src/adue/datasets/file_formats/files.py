"""Files and folders as rows of `datasets`, in memory: all chunks of a stream as one data set."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import Dataset, DatasetDict, Features

from adue.datasets.columns import guess_label_column, guess_text_column
from adue.datasets.file_formats.chunks import Chunk, Row, column_names
from adue.datasets.file_formats.formats import read_chunks
from adue.datasets.file_formats.save_to_disk import is_saved, load_saved
from adue.datasets.file_formats.shards import find_shards, find_splits, read_folder_chunks, read_shards
from adue.foundation.errors import DataError


def read_file(path: Path, needed: Collection[str] = ()) -> Dataset:
    """Return the rows of the file at `path`, which its ending tells how to read.

    Every column of a CSV or TSV file is a string, exactly as written: nothing becomes a number or a missing value.
    A column that `datasets` cannot hold is left out, unless it is `needed` or guessed to hold the texts or labels.

    Raises
    ------
    DataError
        When there is no such file, it is of no known kind, is not UTF-8, is malformed, or holds no rows.
    """
    return _collect(read_chunks(path), path, needed)


def read_folder(folder: Path, needed: Collection[str] = ()) -> Dataset | DatasetDict:
    """Return the splits in `folder`, or its rows where nothing in it is called like a split; columns as in `read_file`.

    Raises
    ------
    DataError
        When two files are the same split, there are no files of rows, or one cannot be read.
    """
    if is_saved(folder):
        return load_saved(folder)
    splits = find_splits(folder)
    if not splits:
        return _collect(read_shards(find_shards(folder)), folder, needed)
    return DatasetDict({split: _read_split(paths, needed) for split, paths in splits.items()})


def _read_split(paths: Sequence[Path], needed: Collection[str]) -> Dataset:
    (first, *_) = paths
    return _collect(read_folder_chunks(first) if first.is_dir() else read_shards(paths), first, needed)


def _collect(chunks: Iterable[Chunk], path: Path, needed: Collection[str]) -> Dataset:
    tables: list[pa.Table] = []
    rows: list[Row] = []
    for chunk in chunks:
        if isinstance(chunk, pa.Table):
            tables.append(chunk)
        else:
            rows += chunk
    asked = _asked_for(tables[0].column_names if tables else column_names(rows), needed)
    table = pa.concat_tables(tables) if tables else _make_table(rows, path, asked)
    if not len(table):
        raise DataError(f"{path} holds no rows; give a file with at least one row below the header")
    return Dataset(_plain(table, path, asked))


def _asked_for(names: Sequence[str], needed: Collection[str]) -> set[str]:
    """Return the columns that must be there: those needed, and those guessed to be texts and labels."""
    asked = set(needed)
    for guess in (guess_text_column, guess_label_column):
        with suppress(DataError):
            asked.add(guess(names))
    return asked


def _make_table(rows: Sequence[Row], path: Path, asked: Collection[str]) -> pa.Table:
    columns = {}
    for name in column_names(rows):
        try:
            columns[name] = _make_column([row.get(name) for row in rows], name, path)
        except DataError:
            if name in asked:
                raise
    return pa.table(columns)


def _make_column(values: Sequence[Any], name: str, path: Path) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
        raise DataError(
            f"{path}: the values of '{name}' do not make one column: {str(error).splitlines()[0]}; "
            "write values of one kind"
        ) from error


def _plain(table: pa.Table, path: Path, asked: Collection[str]) -> pa.Table:
    """Return the columns that `datasets` has types for, texts of all kinds as strings."""
    for field in table.schema:
        index = table.schema.get_field_index(field.name)
        if _is_text(field.type):
            table = table.set_column(index, field.name, table[field.name].cast(pa.string()))
        elif not _is_known(field):
            if field.name in asked:
                raise DataError(
                    f"{path}: the column '{field.name}' is of the type {field.type}, which can be neither text nor "
                    "label; name another with --text-column or --label-column"
                )
            table = table.drop_columns([field.name])
    return table


def _is_text(dtype: pa.DataType) -> bool:
    kind = dtype.value_type if isinstance(dtype, pa.DictionaryType) else dtype
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_known(field: pa.Field) -> bool:
    try:
        Features.from_arrow_schema(pa.schema([field]))
    except (ValueError, NotImplementedError, TypeError):
        return False
    return True
