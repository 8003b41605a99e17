"""The one table of file formats, by ending: to add a format, add its reader, its writer and a line here."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from adue.datasets.file_formats.chunks import Chunk
from adue.datasets.file_formats.compression import COMPRESSIONS, split_name
from adue.datasets.file_formats.delimited import read_delimited
from adue.datasets.file_formats.excel import read_excel, write_excel
from adue.datasets.file_formats.readers import read_json, read_lines, read_parquet
from adue.datasets.file_formats.writers import Append, write_delimited, write_json_lines, write_parquet
from adue.foundation.errors import DataError
from adue.foundation.files import atomic_write
from adue.foundation.sources import missing_file


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes
    ----------
    name
        What people call it.
    read
        Yields the rows of the file at a path.
    write
        Yields a function that appends rows to a new file at a path, compressed as an ending says; None where such
        files are only read.
    compressible
        Whether its files may be compressed as a whole.
    has_columns
        Whether its rows may hold more than a text: a folder's other files of text are not data.
    """

    name: str
    read: Callable[[Path], Iterator[Chunk]]
    write: Callable[[Path, str], AbstractContextManager[Append]] | None
    compressible: bool = True
    has_columns: bool = True


CSV = Format("CSV", partial(read_delimited, delimiter=","), partial(write_delimited, delimiter=","))
TSV = Format("TSV", partial(read_delimited, delimiter="\t"), partial(write_delimited, delimiter="\t"))
JSON = Format("JSON", read_json, write_json_lines)
PARQUET = Format("Parquet", read_parquet, lambda path, _: write_parquet(path), compressible=False)
EXCEL = Format("Excel", read_excel, lambda path, _: write_excel(path), compressible=False)
LINES = Format("text", read_lines, None, has_columns=False)

FORMATS: dict[str, Format] = {
    ".csv": CSV,
    ".tsv": TSV,
    ".jsonl": JSON,
    ".ndjson": JSON,
    ".json": JSON,
    ".parquet": PARQUET,
    ".xlsx": EXCEL,
    ".txt": LINES,
}
"""How to read and write a file, by its ending; what a JSON file begins with says whether it is a list or lines."""

ENDINGS = f"{', '.join(FORMATS)}, and all but .parquet and .xlsx also with {', '.join(COMPRESSIONS)} behind"
"""The endings there are, in words."""

_WRITTEN = ", ".join(ending for ending, found in FORMATS.items() if found.write)
ENDINGS_WRITTEN = f"{_WRITTEN}, and all but .parquet and .xlsx also with .gz, .xz, .zst behind"
"""The endings of files that are written, in words."""


def find_format(path: Path) -> Format | None:
    """Return the format that the ending of `path` names, None where it names none.

    Raises
    ------
    DataError
        When a format that is compressed inside is to be compressed again.
    """
    _, ending, compression = split_name(path)
    found = FORMATS.get(ending)
    if found is not None and compression and not found.compressible:
        raise DataError(f"{path}: a {ending} file is compressed inside already; give it without {compression}")
    return found


def read_chunks(path: Path) -> Iterator[Chunk]:
    """Yield the rows of one file; no chunk where it is JSON without rows.

    Raises
    ------
    DataError
        When there is no such file, its ending is unknown, or it cannot be read; the message names the line.
    """
    if not path.is_file():
        raise missing_file(path)
    found = find_format(path)
    if found is None:
        raise DataError(f"cannot read {path}: its ending must be one of {ENDINGS}")
    yield from found.read(path)


@contextmanager
def write_chunks(path: Path) -> Iterator[Append]:
    """Yield a function that appends rows to a file, which appears when the block ends well and not otherwise.

    Raises
    ------
    DataError
        When its ending is unknown, or rows do not fit the columns of the first ones.
    ArtifactError
        When the file cannot be written, or is Parquet without columns.
    """
    found = find_format(path)
    if found is None or found.write is None:
        raise DataError(f"cannot write {path}: its ending must be one of {ENDINGS_WRITTEN}")
    *_, compression = split_name(path)
    with atomic_write(path) as temporary, found.write(temporary, compression) as append:
        yield append
