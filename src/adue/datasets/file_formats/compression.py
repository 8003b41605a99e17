"""Text files under their compression: what ``.gz``, ``.xz``, ``.zst`` or ``.zip`` at the end of a name asks for."""

import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import pyarrow as pa

from adue.foundation.errors import DataError


@dataclass(frozen=True)
class Compression:
    """How an open file becomes a stream of what is in it, for reading and for writing."""

    decompress: Callable[[BinaryIO], Any]
    compress: Callable[[BinaryIO], Any]


def _open_only_member(file: BinaryIO) -> Any:
    archive = zipfile.ZipFile(file)  # The file is closed by who opened it.
    # macOS puts notes of its own beside the files.
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if len(names) != 1:
        shown = f": {', '.join(names[:3])}" if names else ""
        raise zipfile.BadZipFile(f"it holds {len(names)} files, not one{shown}")
    try:
        return archive.open(names[0])
    except RuntimeError as error:
        # Encrypted, or compressed in a way that Python does not know.
        raise zipfile.BadZipFile(str(error)) from error


def _refuse_zip(_: BinaryIO) -> Any:
    raise DataError("a .zip file can be read but not written; write .gz instead")


COMPRESSIONS: dict[str, Compression] = {
    ".gz": Compression(
        lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
        # Without name and time the same rows give the same bytes.
        lambda file: gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0),
    ),
    ".xz": Compression(lzma.LZMAFile, partial(lzma.LZMAFile, mode="wb")),
    ".zst": Compression(
        lambda file: pa.input_stream(file, compression="zstd"),
        lambda file: pa.output_stream(file, compression="zstd"),
    ),
    ".zip": Compression(_open_only_member, _refuse_zip),
}
"""How to read and write a compressed file, by its last ending."""

_NONE = Compression(lambda file: file, lambda file: file)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def split_name(path: Path) -> tuple[str, str, str]:
    """Return the name of `path` without endings, the ending of its format, and that of its compression or "".

    Examples
    --------
    >>> split_name(Path("data/Train.v2.CSV.gz"))
    ('Train.v2', '.csv', '.gz')
    >>> split_name(Path("rows.parquet"))
    ('rows', '.parquet', '')
    """
    compression = path.suffix.lower()
    if compression not in COMPRESSIONS:
        return path.stem, compression, ""
    inner = Path(path.stem)
    return inner.stem, inner.suffix.lower(), compression


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open what is in the file at `path` for reading.

    Raises
    ------
    DataError
        When the file is damaged, or the operating system refuses to read it.
    """
    *_, ending = split_name(path)
    try:
        with path.open("rb") as file, COMPRESSIONS.get(ending, _NONE).decompress(file) as content:
            yield content
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        # What the operating system refuses has a number; a stream that is cut short or no such stream has none.
        if isinstance(error, OSError) and error.errno is not None:
            raise DataError(f"cannot read {path}: {error.strerror}; check its permissions") from error
        raise DataError(f"{path} is not a whole {ending} file: {error}; write it again") from error


@contextmanager
def open_text(path: Path, newline: str) -> Iterator[TextIO]:
    """Open the text in the file at `path` for reading; `newline` is that of :func:`open`.

    It is UTF-8, or UTF-16 where a byte order mark says so. The mark, which spreadsheets write, is no part of the text.

    Raises
    ------
    DataError
        When the file is damaged, is neither, or cannot be read.
    """
    encoding = "utf-8-sig"
    try:
        with open_bytes(path) as content, io.BufferedReader(content) as buffered:  # type: ignore[type-var]
            encoding = "utf-16" if buffered.peek(2)[:2] in _UTF_16 else encoding
            with io.TextIOWrapper(buffered, encoding, newline=newline) as file:
                yield file
    except UnicodeError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
        if encoding == "utf-16":
            raise DataError(f"{path} is not whole UTF-16: {reason}; save the file as UTF-8") from error
        raise DataError(
            f"{path} is not UTF-8 at line {_first_bad_line(path)}: {reason}; save the file as UTF-8 (iconv -f THEIRS "
            "-t UTF-8, in Excel CSV UTF-8)"
        ) from error


@contextmanager
def create_text(path: Path, compression: str) -> Iterator[TextIO]:
    """Create a UTF-8 text file at `path`, compressed as the ending `compression` says; line ends stay as written."""
    with (
        path.open("wb") as file,
        COMPRESSIONS.get(compression, _NONE).compress(file) as content,
        io.TextIOWrapper(content, "utf-8", newline="") as text,
    ):
        yield text


def _first_bad_line(path: Path) -> int:
    """Return the number of the first line that is not UTF-8; a decoder of whole blocks does not know it."""
    with open_bytes(path) as content:
        for number, line in enumerate(content, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 0
