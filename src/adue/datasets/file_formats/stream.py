"""Rows in and out as streams: data larger than memory pass through in chunks, every column as it was."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adue.datasets.file_formats.chunks import Chunk
from adue.datasets.file_formats.formats import read_chunks, write_chunks
from adue.datasets.file_formats.readers import read_json_stream
from adue.datasets.file_formats.shards import read_folder_chunks
from adue.datasets.file_formats.writers import Append, append_json_lines
from adue.foundation.errors import DataError
from adue.foundation.sources import STANDARD


def read_rows(source: str) -> Iterator[Chunk]:
    """Yield the rows of a file, a folder of shards, a saved data set, or of JSON on standard input (``-``), in chunks.

    Raises
    ------
    DataError
        When the source is not there or a row cannot be read; the message names the file and the line.
    """
    path = Path(source).expanduser()
    if source == STANDARD:
        yield from _read_standard_input()
    elif path.is_dir():
        yield from read_folder_chunks(path)
    else:
        yield from read_chunks(path)


@contextmanager
def write_rows(target: str) -> Iterator[Append]:
    """Yield a function that appends rows to `target`, which appears when the block ends well and not otherwise.

    The format follows the ending; ``-`` writes JSON lines to standard output.

    Raises
    ------
    DataError
        When the ending is unknown, or rows do not fit the columns of the first ones.
    ArtifactError
        When the file cannot be written.
    """
    if target == STANDARD:
        yield lambda chunk: append_json_lines(sys.stdout, chunk)
    else:
        with write_chunks(Path(target)) as append:
            yield append


def _read_standard_input() -> Iterator[Chunk]:
    name = "standard input"
    try:
        yield from read_json_stream(sys.stdin, name)
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
