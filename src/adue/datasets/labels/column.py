"""The label column of one split, as texts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from datasets import ClassLabel, Dataset

from adue.datasets.labels.cells import plain_values
from adue.datasets.labels.spelling import is_outside, whole_number

SECRET = -1
"""How data sets mark a label that is kept secret."""


@dataclass(frozen=True)
class LabelColumn:
    """The labels of one split.

    Attributes
    ----------
    values
        One text for each row, as it is written; None where there is no label.
    ids
        The data set's own ids by the names of its classes, where it has them (a ClassLabel of `datasets`).
    notes
        What was decided, for a person to read.
    """

    values: Sequence[str | None]
    ids: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @cached_property
    def written(self) -> list[str]:
        """The different labels, in the order of the rows."""
        return list(dict.fromkeys(value for value in self.values if value is not None))

    @property
    def class_names(self) -> list[str]:
        """The names of the data set's own classes; none where it does not say."""
        return [name for name in self.ids if not is_outside(name)]

    @property
    def is_secret(self) -> bool:
        """Whether no row has a label, or every label is the -1 of secret ones."""
        return all(value is None or whole_number(value) == SECRET for value in self.values)


def read_label_column(rows: Dataset, column: str) -> LabelColumn:
    """Return the labels in `column` of `rows`; class names where the data set knows them.

    Raises
    ------
    DataError
        When rows have several labels each, or hold something else than labels.
    """
    names = _class_names(rows.features[column])
    given = rows[column][:]
    values, notes = plain_values(given if names is None else [_name_ids(value, names) for value in given], column)
    return LabelColumn(
        values=[_as_text(value) for value in values],
        ids={} if names is None else {name: index for index, name in enumerate(names)},
        notes=notes,
    )


def _class_names(feature: Any) -> list[str] | None:
    """Return the names of a ClassLabel, also where a column holds lists of it."""
    inner = getattr(feature, "feature", feature)
    return list(inner.names) if isinstance(inner, ClassLabel) else None


def _name_ids(value: Any, names: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_name_ids(one, names) for one in value]
    return None if value is None or value < 0 else names[value]


def _as_text(value: object) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text if text.strip() else None
