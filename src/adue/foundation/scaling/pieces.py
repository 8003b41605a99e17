"""Parquet at any address in pieces: what one worker reads, computes, writes and repeats as a whole."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs

from adue.foundation.errors import AdueError, DataError, MissingExtraError

PIECE_ROWS = 8192
"""Most rows of a piece: what is computed again when a worker dies in the middle of one."""


@dataclass(frozen=True)
class Piece:
    """Up to PIECE_ROWS rows that follow each other in one row group of a Parquet file."""

    number: int
    """Of all pieces of a source, in its order, from 0."""
    path: str
    row_group: int
    skip: int
    """Rows of the row group that come before."""
    rows: int
    first: int
    """Rows of the file that come before."""
    file_version: str
    """Another one when the file has been written again: of its size, time or ETag, as its file system knows them."""

    @property
    def name(self) -> str:
        """The file that the piece becomes; files in the order of their names are rows in the order of the source."""
        return f"part-{self.number:07d}.parquet"


def open_address(address: str) -> tuple[AbstractFileSystem, str]:
    """Return the file system and the path that an address of fsspec names: a path here, s3://..., gs://...

    Raises
    ------
    MissingExtraError
        When the package for such addresses is not installed.
    DataError
        When no package is known for them.
    """
    try:
        found: tuple[AbstractFileSystem, str] = url_to_fs(address)
    except ImportError as error:
        raise MissingExtraError(f"'{address}' cannot be opened: {error} (pip install), on every host") from error
    except ValueError as error:
        raise DataError(
            f"'{address}' cannot be opened: {error}; give a path, or an address that fsspec knows"
        ) from error
    return found


@contextmanager
def reach(address: str) -> Iterator[None]:
    """Turn what a file system's own library raises inside the block into one line.

    Raises
    ------
    AdueError
        When the block raises anything but OSError or an AdueError.
    """
    try:
        yield
    except (AdueError, OSError):
        raise
    except Exception as error:
        first = "".join(str(error).strip().splitlines()[:1])
        raise AdueError(
            f"'{address}' cannot be reached: {type(error).__name__}: {first}; check the address, the network and the "
            "credentials"
        ) from error


def find_pieces(source: str) -> list[Piece]:
    """Return the pieces of a Parquet file, or of all Parquet files in a folder in the order of their names.

    Only the files' footers are read.

    Raises
    ------
    DataError
        When there is no such file, or one is not a whole Parquet file.
    AdueError
        When `source` cannot be reached.
    """
    fs, path = open_address(source)
    with reach(source), ThreadPoolExecutor() as pool:
        paths = sorted(name for name in fs.find(path) if _is_data(name, path)) if fs.exists(path) else []
        if not paths:
            raise DataError(f"there is no Parquet file at '{source}'; give a .parquet file, or a folder of them")
        row_groups = list(pool.map(lambda name: _row_groups(fs, name), paths))
        versions = list(pool.map(lambda name: f"{fs.checksum(name):x}", paths))
    pieces: list[Piece] = []
    for name, groups, written in zip(paths, row_groups, versions, strict=True):
        first = 0
        for group, rows in enumerate(groups):
            for skip in range(0, rows, PIECE_ROWS):
                count = min(PIECE_ROWS, rows - skip)
                pieces.append(Piece(len(pieces), name, group, skip, count, first + skip, written))
            first += rows
    return pieces


def pieces_key(pieces: Iterable[Piece]) -> str:
    """Return 32 hexadecimal digits that change with any piece, and with any file of theirs that is written again."""
    return hashlib.sha256(json.dumps([asdict(piece) for piece in pieces]).encode()).hexdigest()[:32]


def read_piece(fs: AbstractFileSystem, piece: Piece, batch_rows: int) -> Iterator[pa.Table]:
    """Yield the rows of a piece, `batch_rows` at a time; no more of the file is held than a batch needs."""
    skip, left = piece.skip, piece.rows
    with fs.open(piece.path, "rb") as file:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=batch_rows, row_groups=[piece.row_group]):
            part = batch.slice(skip, left)
            skip = max(0, skip - batch.num_rows)
            left -= part.num_rows
            if part.num_rows:
                yield pa.Table.from_batches([part])
            if not left:
                return


def write_piece(fs: AbstractFileSystem, folder: str, name: str, tables: Iterable[pa.Table]) -> None:
    """Write tables of one schema to a file that appears whole or not at all, in place of one of that name."""
    # Readers of data sets pass over names that begin with a dot; another attempt has another name.
    temporary = f"{folder}/.{name}.{uuid.uuid4().hex}.tmp"
    try:
        with fs.open(temporary, "wb") as file:
            _write_tables(file, tables)
        fs.mv(temporary, f"{folder}/{name}")
    except BaseException:
        with suppress(OSError):
            fs.rm_file(temporary)
        raise


def remove_leftovers(fs: AbstractFileSystem, folder: str) -> None:
    """Remove what workers that were killed had begun to write."""
    # Some file systems remember listings, and other hosts have written since.
    fs.invalidate_cache()
    for path in fs.ls(folder, detail=False):
        if path.rsplit("/", 1)[-1].startswith(".part-") and path.endswith(".tmp"):
            with suppress(FileNotFoundError):
                fs.rm_file(path)


def _is_data(name: str, source: str) -> bool:
    """Tell whether a file of the source holds rows; others are hidden by a dot or an underscore, or end otherwise."""
    parts = name.removeprefix(source).split("/")
    return name.endswith(".parquet") and not any(part.startswith((".", "_")) for part in parts)


def _row_groups(fs: AbstractFileSystem, path: str) -> list[int]:
    try:
        with fs.open(path, "rb") as file:
            footer = pq.read_metadata(file)
    except pa.ArrowException as error:
        raise DataError(f"{path} is not a whole Parquet file ({error}); write it again") from error
    return [footer.row_group(group).num_rows for group in range(footer.num_row_groups)]


def _write_tables(file: Any, tables: Iterable[pa.Table]) -> None:
    writer: pq.ParquetWriter | None = None
    try:
        for table in tables:
            writer = writer or pq.ParquetWriter(file, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()
