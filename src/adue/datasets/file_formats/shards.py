"""What the files in a folder are, by their names: splits, or shards of one data set; and their rows as a stream."""

import re
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from adue.datasets.file_formats.chunks import Chunk
from adue.datasets.file_formats.compression import split_name
from adue.datasets.file_formats.formats import ENDINGS, Format, find_format, read_chunks
from adue.datasets.file_formats.save_to_disk import is_saved, read_saved_chunks
from adue.datasets.split_names import SPLIT_NAMES
from adue.foundation.errors import DataError

_SHARD_NUMBER = re.compile(r"[-_.]\d+([-_.]?of[-_.]?\d+)?$")


def find_shards(folder: Path) -> list[Path]:
    """Return the files of rows in `folder` in the order of their names; hidden ones (``.``, ``_``) are none.

    Raises
    ------
    DataError
        When there are none, they are of several formats, or their names look like splits and are not.
    """
    visible = _list_visible(folder)
    # A text file beside data is a note; by itself it is data.
    paths = [path for path in visible if _holds_columns(path)] or [path for path in visible if _format(path)]
    if not paths:
        raise DataError(
            f"{folder} holds no split and no rows: name files train, validation (or dev) and test, or give files of "
            f"one kind that are one data set together; their endings are {ENDINGS}; a folder laid out as on the Hub is "
            f"read with hf:{folder}"
        )
    formats = {found.name: path.name for path in paths if (found := find_format(path))}
    if len(formats) > 1:
        names = " and ".join(formats.values())
        raise DataError(f"{folder} holds files of several kinds, such as {names}; keep those of one kind")
    words = {word for path in paths for word in re.split(r"[^a-z]+", path.name.lower())}
    if len(paths) > 1 and words & SPLIT_NAMES.keys():
        raise DataError(
            f"{folder} holds files that look like splits, such as {paths[0].name} and {paths[1].name}; "
            "name them train, validation (or dev) and test, or give one of them"
        )
    return paths


def find_splits(folder: Path) -> dict[str, list[Path]]:
    """Return what in `folder` is called like a split, by our names for them; nothing where nothing is.

    A split is a file, several that are numbered (``train-00000-of-00002.parquet``), or a folder of shards.

    Raises
    ------
    DataError
        When two of them are the same split.
    """
    found: dict[str, list[Path]] = {}
    for path in _list_visible(folder):
        name = split_name(path)[0] if path.is_file() else path.name
        split = SPLIT_NAMES.get(_SHARD_NUMBER.sub("", name).lower())
        if split is not None and (_holds_rows(path) if path.is_dir() else _holds_columns(path)):
            found.setdefault(split, []).append(path)
    for split, paths in found.items():
        if len({_shard_key(path) for path in paths}) > 1:
            raise DataError(f"{paths[0]} and {paths[1]} are both the {split} split; keep one of them")
    return found


def read_shards(paths: Sequence[Path]) -> Iterator[Chunk]:
    """Yield the rows of files that are one data set together, with the columns and types of the first.

    Raises
    ------
    DataError
        When a file cannot be read, or has other columns than the first.
    """
    schema: pa.Schema | None = None
    for path in paths:
        for chunk in read_chunks(path):
            if not isinstance(chunk, pa.Table):
                yield chunk
                continue
            schema = chunk.schema if schema is None else schema
            yield chunk if chunk.schema.equals(schema) else _cast(chunk, schema, path, paths[0])


def read_folder_chunks(folder: Path) -> Iterator[Chunk]:
    """Yield the rows of a folder of shards, or of what ``save_to_disk`` wrote there.

    Raises
    ------
    DataError
        When the folder holds splits, no rows, or what cannot be read.
    """
    if is_saved(folder):
        yield from read_saved_chunks(folder)
        return
    splits = [path for paths in find_splits(folder).values() for path in paths]
    if splits:
        names = ", ".join(path.name for path in splits)
        raise DataError(f"{folder} holds splits ({names}); give one of them, as {splits[0]}")
    yield from read_shards(find_shards(folder))


def _list_visible(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "_"))]


def _holds_rows(folder: Path) -> bool:
    return is_saved(folder) or any(_format(path) for path in _list_visible(folder))


def _format(path: Path) -> Format | None:
    return find_format(path) if path.is_file() else None


def _holds_columns(path: Path) -> bool:
    found = _format(path)
    return found is not None and found.has_columns


def _shard_key(path: Path) -> Hashable:
    """Return what the numbered files of one split share; a file or folder without a number is alone."""
    name, ending, compression = split_name(path)
    base = _SHARD_NUMBER.sub("", name)
    return path if path.is_dir() or base == name else (base, ending, compression)


def _cast(table: pa.Table, schema: pa.Schema, path: Path, first: Path) -> pa.Table:
    if set(table.column_names) != set(schema.names):
        raise DataError(
            f"{path} has the columns {', '.join(table.column_names)}, but {first.name} has {', '.join(schema.names)}; "
            "give files with the same columns"
        )
    try:
        return table.select(schema.names).cast(schema)
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{path} has columns of other types than {first.name} ({reason}); write both with the same types"
        ) from error
