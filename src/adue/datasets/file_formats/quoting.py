"""What a quote means: a text in quotes, a quote in a text, or one that swallows the rows below it."""

import csv
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from pathlib import Path

from adue.datasets.file_formats.dialects import is_all_quoted
from adue.datasets.file_formats.lines import Lines, Record
from adue.foundation.errors import DataError

_QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*"')
_MOST_LINES = 1000
_CURE = "quote a text that holds quotes and double them, or write JSON lines"


def read_tab_fields(line: str, lines: Lines, width: int, path: Path) -> list[str]:
    """Return the fields of the row that begins with `line`, divided by tabs and mostly without quoting.

    A field that is quoted from end to end is a text in quotes, and so is one that holds tabs or line ends where the
    row has `width` fields in no other way. Any other quote is part of its text.

    Raises
    ------
    DataError
        When a field may be a text of several lines or several rows.
    """
    plain = line.removesuffix("\n").removesuffix("\r").split("\t")
    if '"' not in line:
        return plain
    fields = [_unquote(field) for field in plain]
    if not any(field.startswith('"') and not _QUOTED.fullmatch(field) for field in plain):
        return fields
    quoted = _read_quoted(line, lines, width)
    if quoted is None:
        return fields
    if len(lines.taken) > 1 and _may_be_rows(quoted, "".join(lines.taken)):
        first = lines.number - len(lines.taken) + 1
        raise DataError(
            f"{path}: the quote at line {first} is part of that text, or opens one that ends at line {lines.number}; "
            "put that text into quotes and double those in it, or write JSON lines"
        )
    return quoted


def refuse_swallowed_rows(records: Sequence[Record], others: Sequence[Record], delimiter: str, path: Path) -> None:
    """Refuse a quoted text of several lines each of which looks like a row: by its fields and by what they hold.

    `others` are rows beside `records` that show what the columns hold.

    Raises
    ------
    DataError
        When there is one; the message names its lines.
    """
    doubtful = [record for record in records if len(record.lines) > 1 and _is_of_rows(record, delimiter)]
    if not doubtful:
        return
    plain = [record.fields for record in (*others, *records) if len(record.lines) == 1]
    looks = [Look.of(values) for values in zip(*plain, strict=True)]
    for record in doubtful:
        if looks and _look_like_rows(record, delimiter, looks):
            raise DataError(
                f"{path}: the quote at line {record.first} ends at line {record.last}, and every line between looks "
                f"like a row of its own; {_CURE}"
            )


def malformed(path: Path, line: int, error: csv.Error) -> DataError:
    """Return the error that says that quotes do not match in the row that begins at a line."""
    # Python's words for it are about its own function open.
    reason = "a line end inside a text without quotes" if "new-line character" in str(error) else error
    return DataError(f"{path} is malformed at line {line}: {reason}; {_CURE}")


def _unquote(field: str) -> str:
    return field[1:-1].replace('""', '"') if _QUOTED.fullmatch(field) else field


def _read_quoted(line: str, lines: Lines, width: int) -> list[str] | None:
    """Return the fields of a row that is quoted as in CSV, None where the lines give no such row of `width` fields."""
    reader = csv.reader(chain([line], islice(lines, _MOST_LINES)), delimiter="\t", strict=True)
    try:
        fields = next(reader)
    except csv.Error:
        fields = []
    if len(fields) == width:
        return fields
    lines.give_back(keep=1)
    return None


def _may_be_rows(fields: Sequence[str], written: str) -> bool:
    if len(fields) == 1:
        return True
    return any("\n" in field and "\t" in field for field in fields) and not is_all_quoted(written, "\t")


def _is_of_rows(record: Record, delimiter: str) -> bool:
    """Return whether one field has several lines, and every line of the row the delimiters of a whole row."""
    several = sum("\n" in field or "\r" in field for field in record.fields)
    return several == 1 and all(line.count(delimiter) == len(record.fields) - 1 for line in record.lines)


def _look_like_rows(record: Record, delimiter: str, looks: Sequence["Look"]) -> bool:
    rows = [line.rstrip("\r\n").split(delimiter) for line in record.lines]
    text = next(number for number, field in enumerate(record.fields) if "\n" in field or "\r" in field)
    # The comma of a number, as in 1,000 or 2,5: two lines are too few to take it for a delimiter.
    if len(rows) == 2 and any(_is_in_number(row, text) for row in rows):  # noqa: PLR2004
        return False
    telling = [column for column in range(len(looks)) if column != text and not looks[column].free]
    # Before the text only the first line, and behind it only the last, hold what they hold in any reading.
    return bool(telling) and all(
        looks[column].fits(row[column]) for column in telling for row in (rows[1:] if column < text else rows[:-1])
    )


def _is_in_number(row: Sequence[str], text: int) -> bool:
    """Return whether a delimiter before or behind the text stands between two digits."""
    return any(
        left[-1:].isdigit() and right[:1].isdigit() for left, right in pairwise(row[max(text - 1, 0) : text + 2])
    )


@dataclass(frozen=True)
class Look:
    """What the values of a column look like."""

    known: Collection[str]
    free: bool
    """Whether they are free text, which looks like anything."""
    differ: bool
    """Whether most occur once, as numbers and keys do; else they are a few that recur, as labels do."""
    shapes: Collection[str]
    lengths: Collection[int]

    @classmethod
    def of(cls, values: Sequence[str]) -> "Look":
        """Return how values look."""
        known = set(values)
        differ = len(known) > len(values) / 2
        free = differ and sum(" " in value.strip() for value in values) > len(values) / 2
        shapes = {_shape(value) for value in known} if differ and not free else set()
        return cls(known, free, differ, shapes, {len(value) for value in known})

    def fits(self, value: str) -> bool:
        """Return whether a value could stand in the column: one that is known, or alike a number or key."""
        if value in self.known or not self.differ:
            return value in self.known
        alike = _shape(value) in self.shapes and "0" in _shape(value)
        return " " not in value and (alike or self.lengths == {len(value)})


def _shape(value: str) -> str:
    """Return what kind of characters follow each other: ``a0-0`` for ``row12-7``."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "0", value))
