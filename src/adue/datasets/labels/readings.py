"""The ways to read a column of labels: as names of classes, as their ids, or as true and false."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from adue.datasets.labels.column import LabelColumn
from adue.datasets.labels.spelling import Names, whole_number

Numbers: TypeAlias = Mapping[str, int | None]
"""The different labels of a column that have to be read, and the number that each one is, where it is one."""

_DEFAULT_NAME = re.compile(r"LABEL_\d+")
_TRUTH = {"false": 0, "true": 1}


@dataclass(frozen=True)
class Reading:
    """One way to read labels: `find` returns the class id of a text and its number, None where it has none."""

    name: Literal["names", "ids", "true and false"]
    find: Callable[[str, int | None], int | None]

    def fits(self, labels: Numbers) -> bool:
        """Return whether every one of `labels` is a class in this reading."""
        return all(self.find(text, number) is not None for text, number in labels.items())


def readings(label2id: Mapping[str, int]) -> tuple[Reading, ...]:
    """Return the readings of labels of a model with these classes, the first that fits is taken.

    Names come first, because the user gave them. Ids count from 0. Booleans are the ids of two classes.
    """
    known, ids = Names(label2id), set(label2id.values())
    truth = _TRUTH if ids == {0, 1} else {}

    def by_name(text: str, _: int | None) -> int | None:
        found = {label2id[name] for name in known.matches(text)}
        return found.pop() if len(found) == 1 else None

    return (
        Reading("names", by_name),
        Reading("ids", lambda _, number: number if number in ids else None),
        Reading("true and false", lambda text, _: truth.get(text.strip().casefold())),
    )


def number_labels(column: LabelColumn, label2id: Mapping[str, int]) -> dict[str, int | None]:
    """Return the number that each label of `column` is, None where it is none.

    That is the number it is written as. Where the model only knows LABEL_0, LABEL_1 ... it is the data set's own id.
    """
    own = column.ids if has_default_names(label2id) else {}
    return {text: own.get(text, whole_number(text)) for text in column.written}


def has_default_names(label2id: Mapping[str, int]) -> bool:
    """Return whether the model's classes have no names but LABEL_0, LABEL_1 ..."""
    return all(_DEFAULT_NAME.fullmatch(name) for name in label2id)
