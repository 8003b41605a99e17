"""From what the user calls the data to splits with the columns text and labels, a yes or no per label."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import ClassLabel, Dataset, DatasetDict

from adue.datasets.checks import check_texts
from adue.datasets.columns import find_text_columns, guess_label_column
from adue.datasets.loading import LabelledSplits, Source, open_source
from adue.datasets.multi_label.cells import Answers, read_cells, read_indicators
from adue.datasets.multi_label.names import LabelNames
from adue.datasets.split_names import TRAIN, VALIDATION
from adue.datasets.splits import carve_validation
from adue.foundation.errors import DataError

_DEFAULT_NAME = re.compile(r"LABEL_\d+")


def load_label_splits(
    source: Source,
    names: Sequence[str],
    *,
    need: Sequence[str] = (TRAIN, VALIDATION),
    text_column: str | None = None,
    label_column: str | None = None,
    label_map: Mapping[str, str] | None = None,
    seed: int = 42,
) -> LabelledSplits:
    """Return the splits of `source` with texts as strings and, in ``labels``, a yes or no for each of `names`.

    The labels lie in one column of lists or joined names, or in a column of 0 and 1 for each label, called like it.
    Other columns are left out.

    Parameters
    ----------
    source
        As for :func:`adue.datasets.load_splits`.
    names
        The model's labels, in the order of their ids.
    need
        Splits that must be there. Where validation is missing, it is a fifth of train, drawn at random. Other splits
        than these and train are left out.
    text_column, label_column
        Names of the columns; guessed from the usual names if None.
    label_map
        What a label in the data is called by the model.
    seed
        Of the carving of validation rows.

    Raises
    ------
    DataError
        When the source cannot be read, a column or label is not understood, a value is missing, no label is true in any
        row, or there is no way to a needed split.
    """
    name = source if isinstance(source, str) else str(source) if isinstance(source, Path) else "the data given"
    labels, splits = LabelNames(names, label_map), DatasetDict()
    chosen = tuple(column for column in (text_column, label_column) if column is not None)
    text_columns: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    for split, rows in open_source(source, need, chosen).items():
        if split not in {*need, TRAIN}:
            continue
        try:
            splits[split], text_columns[split] = _label(rows, labels, (text_column, label_column), f"{name}, {split}")
        except DataError as error:
            if split in need:
                raise
            notes += (f"{split} left out: {error}",)
    if labels.unused and splits:
        raise DataError(f"--label-map renames '{min(labels.unused)}', which no row has; write labels as the data do")
    if VALIDATION in need and VALIDATION not in splits and TRAIN in splits:
        rows = splits[TRAIN]
        train, validation = carve_validation(rows["text"][:], [0] * len(rows), seed)
        splits = DatasetDict(splits | {TRAIN: rows.select(train), VALIDATION: rows.select(validation)})
        notes += (f"validation is 20 % of the given training rows (seed {seed})",)
    read = next((text_columns[split] for split in (*need, TRAIN) if split in text_columns), None)
    result = LabelledSplits(
        splits,
        {label: index for index, label in enumerate(names)},
        name,
        notes=notes,
        text_columns=() if read is None else (read,),
    )
    for split in need:
        result[split]
    return result


def _label(rows: Dataset, labels: LabelNames, chosen: tuple[str | None, str | None], where: str) -> tuple[Dataset, str]:
    """Return texts and labels, and which column the texts are."""
    text_column, label_column = chosen
    try:
        columns = None if label_column else _indicator_columns(rows.column_names, labels)
        if columns is None:
            own = [name for name in rows.column_names if name != text_column or name == label_column]
            columns = [guess_label_column(own, label_column)]
            answers = read_cells(_values(rows, columns[0], labels), labels, columns[0])
        else:
            answers = read_indicators([rows[column][:] for column in columns], columns)
        others = [name for name in rows.column_names if name not in columns]
        text_column = find_text_columns(others, text_column, pairs=False).text
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    texts = check_texts(rows[text_column][:], text_column, where)
    _require_some(answers, where)
    table = {"text": pa.array(texts, pa.string()), "labels": pa.array(answers, pa.list_(pa.bool_()))}
    return Dataset(pa.table(table)), text_column


def _indicator_columns(names: Sequence[str], labels: LabelNames) -> list[str] | None:
    """Return the columns called like the labels, in their order; None where there are none.

    Raises
    ------
    DataError
        When some labels have such a column and others have none.
    """
    by_label: dict[int, str] = {}
    for name in names:
        index = labels.named(name)
        if index is not None:
            by_label.setdefault(index, name)
    if not by_label:
        return None
    missing = [label for index, label in enumerate(labels.names) if index not in by_label]
    if missing:
        raise DataError(
            f"there is a column for {', '.join(by_label.values())}, and none for {', '.join(missing)}; give one column "
            "of 0 and 1 per label, or name a column of lists with --label-column"
        )
    return [by_label[index] for index in range(len(labels))]


def _values(rows: Dataset, column: str, labels: LabelNames) -> list[Any]:
    """Return the cells of a column, with names where the data set knows them and the model has names too."""
    values: list[Any] = rows[column][:]
    inner = getattr(rows.features[column], "feature", None)
    if not isinstance(inner, ClassLabel) or all(map(_DEFAULT_NAME.fullmatch, labels.names)):
        return values
    return [None if value is None else inner.int2str(value) for value in values]


def _require_some(answers: Answers, where: str) -> None:
    if not any(map(any, answers)):
        raise DataError(f"{where}: no label is true in any of {len(answers)} rows; check --label-column")
