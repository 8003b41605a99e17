"""What people write where a text may have several labels: lists, joined names, or a column of 0 and 1 per label."""

import ast
import json
from collections.abc import Sequence
from typing import Any

from adue.datasets.multi_label.names import LabelNames
from adue.foundation.errors import DataError

DELIMITERS = (";", "|", ",", "#")
"""Between joined names; ``#`` is what doccano writes into CSV."""

_BITS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}

Answers = list[list[bool]]
"""A yes or no for each row and label."""


def read_indicators(columns: Sequence[Sequence[Any]], called: Sequence[str]) -> Answers:
    """Return the yes or no in one column per label; `called` is what the columns are called.

    Raises
    ------
    DataError
        When a value is neither 0 nor 1.

    Examples
    --------
    >>> read_indicators([["1", "0"], [False, True]], ["toxic", "insult"])
    [[True, False], [False, True]]
    """
    found = [[_BITS.get(str(value).strip().casefold()) for value in column] for column in columns]
    for name, given, bits in zip(called, columns, found, strict=True):
        if None in bits:
            row = bits.index(None)
            raise DataError(
                f"row {row + 1} has {given[row]!r} in column '{name}', which has to be 0 or 1; correct it or drop "
                "these rows"
            )
    return [[bool(bit) for bit in row] for row in zip(*found, strict=True)]


def read_cells(values: Sequence[Any], labels: LabelNames, column: str) -> Answers:
    """Return the yes or no for each label from cells that hold a text's labels.

    A cell is a list of names, a list of ids, a list of 0 and 1 with one value per label, or names joined by one of
    DELIMITERS; what it is, the column as a whole decides. An empty list or text says that no label is true.

    Raises
    ------
    DataError
        When a cell is missing, names an unknown label, or the cells may be read in two ways.

    Examples
    --------
    >>> read_cells([["insult"], [], ["toxic", "insult"]], LabelNames(["toxic", "insult"]), "labels")
    [[False, True], [False, False], [True, True]]
    """
    missing = [row for row, value in enumerate(values, start=1) if value is None]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(values)} rows have no value in column '{column}' (first: row {missing[0]}); write "
            "an empty list where no label is true, or drop these rows"
        )
    lists = _as_lists(values, labels, column)
    if _are_bits(lists, len(labels), column):
        return [[bool(value) for value in row] for row in lists]
    items = [[_as_text(item) for item in row] for row in lists]
    ids = labels.ids(list(dict.fromkeys(item for row in items for item in row)))
    found = [{ids[item] for item in row} for row in items]
    return [[label in row for label in range(len(labels))] for row in found]


def _as_lists(values: Sequence[Any], labels: LabelNames, column: str) -> list[list[Any]]:
    if all(isinstance(value, list) for value in values):
        return [[item for item in value if item is not None] for value in values]
    other = next((row for row, value in enumerate(values) if not isinstance(value, str)), None)
    if other is not None:
        raise DataError(
            f"row {other + 1} has {values[other]!r} in column '{column}', which is no list of labels; write lists of "
            "names, joined names (a;b), or one column of 0 and 1 per label"
        )
    texts = [str(value).strip() for value in values]
    if any(texts) and all(text.startswith("[") for text in texts if text):
        return [_parse(text, column) if text else [] for text in texts]
    return _split(texts, labels, column)


def _parse(text: str, column: str) -> list[Any]:
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError):
            continue
        if isinstance(found, list):
            return found
    raise DataError(f"{text!r} in column '{column}' begins like a list and is none; write it as JSON does")


def _split(texts: Sequence[str], labels: LabelNames, column: str) -> list[list[Any]]:
    """Return the parts of joined names, at the one delimiter at which all parts are labels."""
    splits = {
        delimiter: [[part.strip() for part in text.split(delimiter) if part.strip()] for text in texts]
        for delimiter in DELIMITERS
    }
    readings: list[list[list[Any]]] = []
    for parts in splits.values():
        known = all(
            labels.named(part) is not None or labels.numbered(part) is not None for row in parts for part in row
        )
        if known and parts not in readings:
            readings.append(list(parts))
    if len(readings) > 1:
        raise DataError(
            f"column '{column}' can be split into labels in two ways, because names of labels hold a delimiter; write "
            "lists in JSON or Parquet"
        )
    found = next((delimiter for delimiter in DELIMITERS if any(delimiter in text for text in texts)), DELIMITERS[0])
    return readings[0] if readings else list(splits[found])


def _are_bits(lists: Sequence[Sequence[Any]], count: int, column: str) -> bool:
    """Return whether every list holds 0 and 1, one value per label, rather than the ids of labels."""
    if not all(len(row) == count and all(isinstance(v, int | float) and v in {0, 1} for v in row) for row in lists):
        return False
    # Ids are whole numbers, and those in one list differ.
    if any(isinstance(value, bool | float) for row in lists for value in row) or any(
        len(set(row)) < len(row) for row in lists
    ):
        return True
    raise DataError(
        f"the lists in column '{column}' may be ids of labels or a 0 or 1 for each label; write the names of the labels"
    )


def _as_text(item: Any) -> str:
    whole = isinstance(item, float) and item.is_integer()
    return str(int(item) if whole else item).strip()
