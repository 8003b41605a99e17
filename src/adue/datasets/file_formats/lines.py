"""Lines of an open file with their numbers: those of the row that is being read are known, and can be read again."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, TextIO

import pyarrow as pa


class Record(NamedTuple):
    """A row of a file of fields, as it was read and as it is written."""

    fields: list[str]
    lines: list[str]
    """As they stand in the file, with their ends."""
    last: int
    """The number of the last of these lines, from 1."""

    @property
    def first(self) -> int:
        """The number of the first line."""
        return self.last - len(self.lines) + 1


MOST_LINES = 100_000
"""More lines than these are no row: a quote that is never closed would take the rest of the file into memory."""


class Lines:
    """An iterator over lines that keeps those since the last call of `begin`.

    Raises
    ------
    csv.Error
        When a row has more than MOST_LINES lines.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.number = 0
        """Of the line that was read last, from 1."""
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise csv.Error(f"a quote is open for {MOST_LINES:,} lines")
        line = self._again.popleft() if self._again else next(self._file)
        self.number += 1
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """Forget the lines of the last row."""
        self.taken = []

    def give_back(self, keep: int) -> None:
        """Keep the first lines of the row only; those behind are read again."""
        self._again.extendleft(reversed(self.taken[keep:]))
        self.number -= len(self.taken) - keep
        del self.taken[keep:]

    def record(self, fields: list[str]) -> Record:
        """Return the row whose lines were read since `begin`."""
        return Record(fields, self.taken, self.number)


def string_table(header: list[str], rows: list[list[str]]) -> pa.Table:
    """Return rows of strings as a table, every column a string."""
    columns = {name: [row[index] for row in rows] for index, name in enumerate(header)}
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in header]))
