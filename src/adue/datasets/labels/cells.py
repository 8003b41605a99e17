"""Labels that are lists or objects, as annotation tools export them: one value in each is that value."""

import ast
import json
from collections.abc import Sequence
from typing import Any

from adue.foundation.errors import DataError

FIELDS = ("choices", "choice", "labels", "label")
"""Fields of an object that hold the label, the first that is there."""

_SPAN_FIELDS = frozenset({"start", "end", "start_offset", "end_offset"})
_ONE_LABEL = "one label per text is read here"
_SEVERAL_LABELS = "adue fit --multi-label for a classifier of several labels per text"


def plain_values(values: Sequence[Any], column: str) -> tuple[list[Any], tuple[str, ...]]:
    """Return `values` with one plain value for each row, None for an empty list; and a note where they were none.

    Raises
    ------
    DataError
        When a row has several labels, or holds spans, a number for each class, or an object of another kind.

    Examples
    --------
    >>> plain_values([["pos"], [], {"choices": ["neg"]}], "label")
    (['pos', None, 'neg'], ("the values of 'label' are lists or objects of one label, read as that label",))
    """
    parsed = _parse_written(values)
    if not any(isinstance(value, list | dict) for value in parsed):
        return list(values), ()
    _refuse_vectors(parsed, column)
    found = [_unwrap(value, column) for value in parsed]
    several = [row for row, labels in enumerate(found, start=1) if len(labels) > 1]
    if several:
        first = ", ".join(f"'{label}'" for label in found[several[0] - 1])
        raise DataError(
            f"{len(several)} of {len(found)} rows have several labels in column '{column}' (first: row {several[0]}: "
            f"{first}), and {_ONE_LABEL}; keep one label for each row, name another column with "
            f"--label-column, or see {_SEVERAL_LABELS}"
        )
    note = f"the values of '{column}' are lists or objects of one label, read as that label"
    return [labels[0] if labels else None for labels in found], (note,)


def _parse_written(values: Sequence[Any]) -> Sequence[Any]:
    """Return lists and objects that a CSV file holds as text, where every value is one."""
    texts = (value.lstrip() for value in values if isinstance(value, str) and value.strip())
    if not all(text[0] in "[{" for text in texts):
        return values
    try:
        return [_parse(value) if isinstance(value, str) and value.strip() else value for value in values]
    except (ValueError, SyntaxError):
        return values


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        # What pandas writes for a column of lists: ['pos'].
        return ast.literal_eval(text.strip())


def _unwrap(value: Any, column: str) -> list[Any]:
    """Return the different labels in `value`."""
    if isinstance(value, list):
        inner = [label for one in value for label in _unwrap(one, column)]
        return [label for place, label in enumerate(inner) if label not in inner[:place]]
    if isinstance(value, dict):
        return _unwrap(_field(value, column), column)
    blank = value is None or (isinstance(value, str) and not value.strip())
    return [] if blank else [value]


def _field(value: dict[str, Any], column: str) -> Any:
    present = {name: inner for name, inner in value.items() if inner is not None}
    if _SPAN_FIELDS & set(present):
        raise DataError(f"column '{column}' labels spans inside the texts, and {_ONE_LABEL}; give one label per text")
    found = [present[name] for name in FIELDS if name in present]
    if present and not found:
        raise DataError(
            f"column '{column}' holds objects with the fields {', '.join(map(str, present))}, and none of them is "
            f"called {', '.join(FIELDS[:-1])} or {FIELDS[-1]}; write the label itself"
        )
    return found[0] if found else None


def _refuse_vectors(values: Sequence[Any], column: str) -> None:
    """Refuse lists that hold a number for each class."""
    lists = [value for value in values if value is not None]
    lengths = {len(value) if isinstance(value, list) else 0 for value in lists}
    if len(lengths) != 1 or lengths <= {0, 1}:
        return
    if all(isinstance(number, int | float) for value in lists for number in value):
        raise DataError(
            f"column '{column}' holds lists of {lengths.pop()} numbers, one for each class as it seems, and "
            f"{_ONE_LABEL}; write the name or the id of the one class, or see {_SEVERAL_LABELS}"
        )
