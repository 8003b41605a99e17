"""Workbooks of Excel (.xlsx), row by row; openpyxl, an extra, is imported where one is read or written."""

import math
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from adue.datasets.file_formats.cells import as_text, naming_column, to_rows
from adue.datasets.file_formats.chunks import Chunk, column_names, cut, require_distinct
from adue.datasets.file_formats.lines import string_table
from adue.datasets.file_formats.writers import Append, require_known
from adue.foundation.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 2**20, 2**14, 2**15 - 1
"""What a sheet and a cell of Excel hold, the header among the rows."""

_EXACT = 2**53
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_LIKE_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}[_\r])")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def read_excel(path: Path) -> Iterator[pa.Table]:
    """Yield the rows of the only sheet in sight that holds any, below a header; every column is text, as in CSV.

    A whole number is written without a point, a date as in ISO 8601, a formula as its last value. Rows at the end
    that are empty are none.

    Raises
    ------
    MissingExtraError
        When openpyxl is not installed.
    DataError
        When it is no workbook, has rows on several sheets, no header, or values beside its columns.
    """
    with _open(path) as book:
        header, rows = _only_table(book, path)
        for chunk in cut(_fit(rows, header, path), empty=True):
            yield string_table(header, chunk)


@contextmanager
def write_excel(path: Path) -> Iterator[Append]:
    """Yield a function that appends rows to a new workbook under a header: the columns of the first chunk.

    Text is written as text, also where it begins like a formula; numbers as numbers where Excel has them exactly.

    Raises
    ------
    MissingExtraError
        When openpyxl is not installed.
    DataError
        From the function: when a text or the sheet is longer than Excel allows, or holds characters that it does not.
    """
    openpyxl = _import_openpyxl()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    header: list[str] | None = None
    count = 0

    def append(chunk: Chunk) -> None:
        nonlocal header, count
        if header is None:
            header = column_names(chunk)
            _require_space(len(header), MOST_COLUMNS, "columns")
            sheet.append([_cell(name, sheet) for name in header])
            count = 1
        require_known(chunk, header)
        rows = to_rows(chunk)
        count += len(rows)
        _require_space(count, MOST_ROWS, "rows")
        for row in rows:
            cells = []
            for name in header:
                with naming_column(name, "write .csv, .jsonl or .parquet instead"):
                    cells.append(_cell(row.get(name), sheet))
            sheet.append(cells)

    try:
        yield append
    except BaseException:
        sheet.close()
        raise
    book.save(path)


def _import_openpyxl() -> Any:
    try:
        # An extra; and slow to import.
        import openpyxl  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError(
            '.xlsx files need the package openpyxl; run pip install "adue[xlsx]", or save as CSV UTF-8'
        ) from error
    return openpyxl


@contextmanager
def _open(path: Path) -> Iterator["Workbook"]:
    openpyxl = _import_openpyxl()
    try:
        with path.open("rb") as file:
            with warnings.catch_warnings():
                # Of styles and forms that it leaves out, which hold no rows.
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            try:
                yield book
            finally:
                book.close()
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; check its permissions") from error
    except (zipfile.BadZipFile, KeyError, ValueError, SyntaxError, EOFError) as error:
        if isinstance(error, DataError):
            raise
        # A broken XML file is a SyntaxError, and one that is missing inside a KeyError.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is not a whole .xlsx file: {reason}; save it again as .xlsx or CSV UTF-8") from error


def _only_table(book: "Workbook", path: Path) -> tuple[list[str], Iterator[list[str]]]:
    """Return the header and the rows of the only sheet with any."""
    found = []
    for sheet in (sheet for sheet in book.worksheets if sheet.sheet_state == "visible"):
        # The size that the file states may be wrong.
        sheet.reset_dimensions()
        rows = (_texts(row) for row in sheet.iter_rows(values_only=True))
        first = next(filter(any, rows), None)
        if first is not None:
            found.append((sheet.title, first, rows))
    if not found:
        raise DataError(f"{path} is empty, without even a header; write the names of the columns into its first row")
    if len(found) > 1:
        titles = " and ".join(f"'{title}'" for title, *_ in found)
        raise DataError(f"{path} has rows on several sheets, {titles}; save the one to read in a file of its own")
    ((_, header, rows),) = found
    while not header[-1]:
        header.pop()
    require_distinct(header, path)
    return header, rows


def _fit(rows: Iterator[list[str]], header: Sequence[str], path: Path) -> Iterator[list[str]]:
    """Yield rows as wide as the header; empty ones only before others."""
    empty = 0
    for row in rows:
        if not any(row):
            empty += 1
            continue
        if any(row[len(header) :]):
            raise DataError(
                f"{path} has the value '{next(filter(None, row[len(header) :]))}' in a column without a name; "
                "write a name for it into the header"
            )
        blank = [[""] * len(header)] * empty
        empty = 0
        yield from chain(blank, [(row + [""] * len(header))[: len(header)]])


def _texts(row: Sequence[Any]) -> list[str]:
    return [_text(value) for value in row]


def _text(value: Any) -> str:
    if isinstance(value, str):
        # How Excel writes what XML would change, such as the carriage return.
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value) if "_x" in value else value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        # A cell that is shown as a date holds midnight.
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else as_text(value)


def _cell(value: Any, sheet: Any) -> Any:
    """Return a value as Excel has it, else as text."""
    if isinstance(value, bool) or value is None or value == "":
        return None if value == "" else value
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) <= _EXACT:
        return value
    return _text_cell(as_text(value), sheet)


def _text_cell(text: str, sheet: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    text.encode()
    if _NOT_IN_XML.search(text):
        raise ValueError("a text holds a character that Excel does not have")
    written = _LIKE_ESCAPED.sub("_x005F_", text).replace("\r", "_x000D_")
    if len(written) > MOST_CHARACTERS:
        raise ValueError(f"a text has {len(text):,} characters, and a cell of Excel holds {MOST_CHARACTERS:,}")
    cell = WriteOnlyCell(sheet, written)
    # Neither a formula nor an error, as text that begins with = or is #N/A would be.
    cell.data_type = "s"
    return cell


def _require_space(count: int, most: int, what: str) -> None:
    if count > most:
        raise DataError(f"there are more {what} than a sheet of Excel holds ({most:,}); write .csv, .jsonl or .parquet")
