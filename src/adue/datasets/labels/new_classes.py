"""The classes of data that no model has seen yet: what `adue train` makes of its labels."""

import warnings
from collections.abc import Sequence

from adue.datasets.labels.column import LabelColumn
from adue.datasets.labels.renames import Renames
from adue.datasets.labels.spelling import fold, is_fraction, is_outside, show, trim, whole_number
from adue.foundation.errors import DataError, DataWarning

MANY_CLASSES = 20
"""Up to so few classes no one asks how many rows each has."""


def make_label2id(
    needed: Sequence[LabelColumn], others: Sequence[LabelColumn] = (), renames: Renames | None = None
) -> dict[str, int]:
    """Return ids for the labels found in the columns of the `needed` splits.

    A data set's own class order is kept; other labels are sorted, whole numbers by size. ``out-of-scope`` is no class.
    The labels of a split of `others` count where one of them is a label of the needed splits too.

    Raises
    ------
    DataError
        When the labels hold fewer than two classes, or are no classes: fractions, or nearly all different.

    Warns
    -----
    DataWarning
        When two labels differ by case, spaces or leading zeros only.
    """
    renames = renames or Renames({})
    own = needed[0].class_names
    keeps_own = own and not any(renames.target(name) for name in own)
    found = own if keeps_own else _gather(needed, others, renames)
    if len(found) < 2:  # noqa: PLR2004
        raise DataError(
            f"the label column holds {show(found) or 'nothing'} only, but a classifier needs two classes or more; "
            "check --label-column, or add rows of another class"
        )
    _warn_of_twins(found)
    return {name: index for index, name in enumerate(found)}


def _gather(needed: Sequence[LabelColumn], others: Sequence[LabelColumn], renames: Renames) -> list[str]:
    classes = {name for column in needed for name in _names(column, renames)}
    _refuse_scores(classes, sum(len(column.values) for column in needed))
    for column in others:
        names = _names(column, renames)
        classes |= names if names & classes else set()
    return sorted(classes, key=lambda name: (whole_number(name) is None, whole_number(name) or 0, name))


def _names(column: LabelColumn, renames: Renames) -> set[str]:
    named = (renames.target(text) or text for text in column.written)
    # The names of a data set's own classes are exact: spaces may tell two of them apart.
    return {text if text in column.ids else trim(text) for text in named if not is_outside(text)}


def _refuse_scores(classes: set[str], rows: int) -> None:
    fractions = sorted(filter(is_fraction, classes))
    if len(fractions) * 2 > len(classes):
        raise DataError(
            f"the label column holds fractions ({show(fractions, quote='')}): scores, and no classes; name another "
            "column with --label-column, or make classes of them, such as low and high"
        )
    if len(classes) > max(MANY_CLASSES, rows / 2):
        raise DataError(
            f"the label column holds {len(classes)} different labels in {rows} rows: too few rows have the same one "
            "to learn from; name another column with --label-column"
        )


def _warn_of_twins(classes: Sequence[str]) -> None:
    first: dict[str, str] = {}
    for name in classes:
        twin = first.setdefault(fold(name), name)
        if twin != name:
            warnings.warn(
                f"the labels '{twin}' and '{name}' are two classes, though they are spelled nearly alike; "
                f"if they are one, rename it with --label-map '{name}={twin}'",
                DataWarning,
                stacklevel=3,
            )
