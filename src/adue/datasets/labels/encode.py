"""From the labels of all splits to the ids of the model's classes, by one reading for all of them."""

import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from adue.datasets.labels.column import LabelColumn
from adue.datasets.labels.readings import Numbers, Reading, number_labels, readings
from adue.datasets.labels.refusals import refuse_labels
from adue.datasets.labels.renames import Renames
from adue.datasets.labels.spelling import is_outside, show, whole_number
from adue.foundation.errors import DataError, DataWarning
from adue.foundation.types import OUT_OF_SCOPE


@dataclass(frozen=True)
class EncodedLabels:
    """Class ids for the rows of each split, why other splits cannot be read, and what was decided."""

    ids: dict[str, list[int]]
    unreadable: dict[str, DataError]
    notes: tuple[str, ...] = ()


def encode_labels(
    columns: Mapping[str, LabelColumn],
    label2id: Mapping[str, int],
    renames: Renames | None = None,
    needed: Collection[str] | None = None,
    name: str = "the data",
) -> EncodedLabels:
    """Return the class id of every label in `columns`, by split; `name` is that of the data in messages.

    A label is first renamed. All others have one reading: all are names of classes, in any case where only one fits,
    or all are ids, which count from 0, or all are true and false. Names come first. Where ``out-of-scope`` is not the
    name of a class, it becomes OUT_OF_SCOPE: no class fits the row.

    Parameters
    ----------
    needed
        The splits that must be read; None for all. Another split that cannot be read is ``unreadable``.

    Raises
    ------
    DataError
        When a needed split has rows without a label, or no reading fits the labels of the needed splits.

    Warns
    -----
    DataWarning
        When labels are names and ids of different classes.

    Examples
    --------
    >>> columns = {"test": LabelColumn(["Positive", "negative"])}
    >>> encode_labels(columns, {"negative": 0, "positive": 1}).ids
    {'test': [1, 0]}
    """
    required = set(columns) if needed is None else set(needed) & set(columns)
    fixed = {split: _without_reading(column, label2id, renames or Renames({})) for split, column in columns.items()}
    open_labels = {
        split: {text: number for text, number in number_labels(column, label2id).items() if text not in fixed[split]}
        for split, column in columns.items()
    }
    reading = _choose(open_labels, required, label2id)
    ids: dict[str, list[int]] = {}
    unreadable: dict[str, DataError] = {}
    for split, column in columns.items():
        try:
            known = fixed[split] | _read(open_labels[split], reading, label2id)
            _refuse_missing(column, f"{name}, {split}")
            _refuse_merged(column, known, renames or Renames({}))
            ids[split] = [known[text] for text in column.values if text is not None]
        except DataError as error:
            if split in required:
                raise
            unreadable[split] = error
    every = {text: number for split in ids for text, number in open_labels[split].items()}
    return EncodedLabels(ids, unreadable, _explain(every, reading, label2id))


def _without_reading(column: LabelColumn, label2id: Mapping[str, int], renames: Renames) -> dict[str, int]:
    """Return the class ids of the labels that need no reading: renamed ones, and those out of scope."""
    targets, (by_name, *_) = renames.classes(label2id), readings(label2id)
    found: dict[str, int] = {}
    for text, number in number_labels(column, label2id).items():
        target = renames.target(text)
        if target is None and text in column.ids and number is not None:
            target = renames.target(str(number))
        if target is not None:
            found[text] = targets[target]
        elif is_outside(text) and by_name.find(text, number) is None:
            found[text] = OUT_OF_SCOPE
    return found


def _choose(labels: Mapping[str, Numbers], required: Collection[str], label2id: Mapping[str, int]) -> Reading:
    """Return the reading that fits the required splits and most of the others; of equal ones the first."""
    possible = [one for one in readings(label2id) if all(one.fits(labels[split]) for split in required)]
    if not possible:
        raise refuse_labels(
            {text: n for split in labels if split in required for text, n in labels[split].items()}, label2id
        )
    return max(possible, key=lambda one: sum(one.fits(found) for found in labels.values()))


def _read(labels: Numbers, reading: Reading, label2id: Mapping[str, int]) -> dict[str, int]:
    found = {text: reading.find(text, number) for text, number in labels.items()}
    if None in found.values():
        raise refuse_labels(labels, label2id)
    return {text: index for text, index in found.items() if index is not None}


def _refuse_missing(column: LabelColumn, where: str) -> None:
    missing = [row for row, value in enumerate(column.values, start=1) if value is None]
    if missing:
        raise DataError(
            f"{where}: {len(missing)} of {len(column.values)} rows have no label (first: row {missing[0]}); "
            "fill them in or drop these rows"
        )


def _refuse_merged(column: LabelColumn, known: Mapping[str, int], renames: Renames) -> None:
    """Refuse two classes of the data set that would become one class of the model, unless the user renamed them."""
    first: dict[int, str] = {}
    for text in column.written:
        if text not in column.ids or renames.target(text) is not None or known[text] == OUT_OF_SCOPE:
            continue
        twin = first.setdefault(known[text], text)
        if twin != text:
            raise DataError(
                f"'{twin}' and '{text}' are two classes of the data, but one class of the model; say what they are "
                "with --label-map"
            )


def _explain(labels: Numbers, reading: Reading, label2id: Mapping[str, int]) -> tuple[str, ...]:
    """Return notes on a reading that could be doubted; warn of labels that another reading gives other classes."""
    by_name, by_id, _ = readings(label2id)
    names = {index: name for name, index in label2id.items()}
    shown = sorted(labels, key=lambda text: (labels[text] is None, labels[text] or 0, text))
    if reading.name == "names" and by_id.fits(labels):
        doubted = [text for text in shown if by_name.find(text, None) != by_id.find(text, labels[text])]
        if doubted:
            warnings.warn(
                f"the labels {show(doubted, quote='')} are names of the model's classes and ids of others; they are "
                "read as names, rename them with --label-map if they are ids",
                DataWarning,
                stacklevel=3,
            )
        return ()
    if reading.name == "true and false" or (reading.name == "ids" and _are_doubtful_ids(labels, by_name, label2id)):
        found = _read(labels, reading, label2id)
        meanings = ", ".join(f"{text} is '{names[found[text]]}'" for text in shown)
        return (f"labels are read as ids that count from 0: {meanings}",)
    return ()


def _are_doubtful_ids(labels: Numbers, by_name: Reading, label2id: Mapping[str, int]) -> bool:
    """Return whether some ids are names too, or several of three or more classes are there and 0 is not."""
    numbers = [number for text, number in labels.items() if whole_number(text) == number]
    from_one = 1 in numbers and 0 not in numbers and 1 < len(numbers) < len(label2id)
    return from_one or any(by_name.find(text, None) is not None for text in labels)
