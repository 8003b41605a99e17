"""cells.csv: one row per cell and method, on the disk as soon as it is known."""

import csv
import io
import math
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

from filelock import FileLock

from adue.foundation.errors import ArtifactError
from adue.foundation.files import atomic_write
from adue.metrics import METRICS

Value: TypeAlias = str | int | float | bool | None

COLUMNS = (
    "model", "data_set", "evaluation_set", "shifted", "seed", "method", "n", "errors", "accuracy", *METRICS,
    "sr_difference", "sr_low", "sr_high", "paper_difference", "paper_low", "paper_high",
    "fit_seconds", "predict_seconds", "train_rows", "note", "key",
)  # fmt: skip
"""The header; `key` is a digest of everything the row was computed from, apart from the code."""

IDENTITY = ("model", "data_set", "evaluation_set", "seed", "method")


class RowId(NamedTuple):
    """Which row it is."""

    model: str
    data_set: str
    evaluation_set: str
    seed: int
    method: str


Row: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True)
class CellTable:
    """The file; several processes may append to it, one after the other."""

    path: Path

    def append(self, row: Row) -> None:
        """Add one row: in one write, on the disk when this returns.

        Raises
        ------
        ArtifactError
            When the file cannot be written.
        """
        try:
            with FileLock(f"{self.path}.lock"), self.path.open("ab") as file:
                header = "" if file.tell() else _csv(COLUMNS)
                file.write((header + _line(row)).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ArtifactError(
                f"cannot write {self.path}: {error.strerror or error}; free some space, run again"
            ) from error

    def keys_by_row(self) -> dict[RowId, str]:
        """Return the key of every row that is there; the last one counts where there are several."""
        return {_identity(row): row["key"] for row in self.read()}

    def read(self) -> list[dict[str, str]]:
        """Return all rows as they are written; none where there is no file.

        Raises
        ------
        ArtifactError
            When the file has other columns.
        """
        if not self.path.is_file():
            return []
        with self.path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
        if reader.fieldnames is not None and tuple(reader.fieldnames) != COLUMNS:
            raise ArtifactError(
                f"{self.path} has other columns than this version of adue writes; move it away and run again"
            )
        return rows

    def cut_torn_line(self) -> None:
        """Cut off a last line that was not finished when the process died."""
        if not self.path.is_file():
            return
        whole = self.path.read_bytes()
        end = whole.rfind(b"\n") + 1
        if end < len(whole):
            with self.path.open("rb+") as file:
                file.truncate(end)

    def drop(self, stale: Collection[RowId]) -> None:
        """Take rows out, so that they are computed again."""
        if not stale:
            return
        kept = [row for row in self.read() if _identity(row) not in stale]
        with atomic_write(self.path) as temporary:
            lines = [_csv(COLUMNS), *map(_line, kept)]
            temporary.write_text("".join(lines), encoding="utf-8", newline="")


def _identity(row: Mapping[str, str]) -> RowId:
    return RowId(row["model"], row["data_set"], row["evaluation_set"], int(row["seed"]), row["method"])


def _line(row: Row) -> str:
    return _csv([_text(row[name]) for name in COLUMNS])


def _csv(values: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()


def _text(value: Value) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else " ".join(str(value).split())
