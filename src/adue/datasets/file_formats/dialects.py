"""What divides the fields of a CSV or TSV file, and whether its texts are quoted: decided by its first lines."""

import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from adue.datasets.columns import DELIMITERS, describe_undivided
from adue.datasets.file_formats.compression import open_text
from adue.datasets.file_formats.lines import Lines, Record

_SEP_LINE = re.compile(r'"?sep=(.)"?[\r\n]*')


class Dialect(NamedTuple):
    """How a file of fields is written."""

    delimiter: str
    quoted: bool
    """Whether quotes mean what they mean in CSV: a field that begins with one ends with one."""
    guessed: bool = False
    """Whether the header says that the delimiter is another than the file's ending promises."""
    has_sep_line: bool = False
    """Whether a line ``sep=;``, as Excel reads it, stands before the header."""
    newline: str = "\n"
    """What ends a line, in the words of :func:`open`: a line feed, unless the first line ends with another."""


def find_dialect(path: Path, usual: str) -> Dialect:
    """Return how the file at `path` is written, where `usual` is the delimiter that its ending promises.

    Another delimiter is taken where it divides a header that `usual` does not divide, and the first row alike.
    Fields divided by tabs are quoted as in CSV where all names in the header are quoted.

    Raises
    ------
    DataError
        When the file cannot be read.
    """
    with open_text(path, newline="") as file:
        line = file.readline()
    sep_line = _SEP_LINE.fullmatch(line)
    start = 1 if sep_line else 0
    delimiter = sep_line[1] if sep_line else usual
    first = _first_records(path, delimiter, start)
    guessed = None if sep_line or not first else _other_delimiter(path, first[0], delimiter)
    delimiter = guessed or delimiter
    quoted = delimiter != "\t" or (bool(first) and is_all_quoted("".join(first[0].lines), delimiter))
    return Dialect(delimiter, quoted, guessed is not None, sep_line is not None, "" if line.endswith("\r") else "\n")


def is_all_quoted(written: str, delimiter: str) -> bool:
    """Return whether every field of a row is quoted from end to end.

    Examples
    --------
    >>> is_all_quoted('"a";"b;c"', ";"), is_all_quoted('"a";b', ";")
    (True, False)
    """
    field = '"[^"]*(?:""[^"]*)*"'
    return re.fullmatch(rf"{field}(?:{re.escape(delimiter)}{field})*[\r\n]*", written) is not None


def _other_delimiter(path: Path, header: Record, delimiter: str) -> str | None:
    if describe_undivided(header.fields) is None or is_all_quoted("".join(header.lines), delimiter):
        return None
    return next((mark for mark in DELIMITERS if mark in header.fields[0] and _divides(path, mark)), None)


def _divides(path: Path, delimiter: str) -> bool:
    """Return whether a delimiter makes a header of names, and a first row that fits it."""
    records = [record.fields for record in _first_records(path, delimiter, 0)]
    names = [name.strip() for name in records[0]]
    return len(names) > 1 and all(names) and len(set(names)) == len(names) == len(records[-1])


def _first_records(path: Path, delimiter: str, start: int) -> list[Record]:
    """Return the header and the first row, as far as they are there; `start` lines are left out."""
    with open_text(path, newline="") as file:
        lines = Lines(file)
        return list(islice(_records(lines, delimiter, start), 2))


def _records(lines: Lines, delimiter: str, start: int) -> Iterator[Record]:
    for _ in islice(lines, start):
        pass
    reader = csv.reader(lines, delimiter=delimiter)
    lines.begin()
    # Who reads the rows says what is wrong with them.
    with suppress(csv.Error):
        for fields in reader:
            if fields:
                yield lines.record(fields)
            lines.begin()
