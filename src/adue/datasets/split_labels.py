"""Which splits have labels, in which column: those that are needed decide, the others follow or are left out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from datasets import Dataset

from adue.datasets.columns import guess_label_column, other_label_columns
from adue.datasets.labels.column import LabelColumn, read_label_column
from adue.datasets.labels.exports import plain_rows
from adue.datasets.labels.indicators import describe_indicators
from adue.datasets.split_names import TRAIN, VALIDATION
from adue.datasets.splits import without_secret_labels
from adue.foundation.errors import DataError


@dataclass(frozen=True)
class SplitLabels:
    """The rows of one split, the name of their label column, and what it holds."""

    rows: Dataset
    column: str
    labels: LabelColumn


class _NoLabelsError(DataError):
    """No row of a split has a label."""


class _NoColumnError(_NoLabelsError):
    """A split has no column of labels."""


def find_needed(need: Iterable[str], splits: Collection[str]) -> list[str]:
    """Return which of `splits` must be read: those in `need`, and train where validation is carved from it."""
    needed = list(need)
    if VALIDATION in needed and VALIDATION not in splits:
        needed.append(TRAIN)
    return [split for split in dict.fromkeys(needed) if split in splits]


def describe_left_out(split: str, error: DataError, name: str) -> str:
    """Return the note on a split that cannot be read and is not needed."""
    return f"{split} left out, it is not needed and cannot be read: {str(error).removeprefix(f'{name}, {split}: ')}"


def read_split_labels(
    raw: Mapping[str, Dataset],
    need: Sequence[str],
    name: str,
    *,
    texts: Collection[str] = (),
    label: str | None = None,
    classes: Collection[str] = (),
) -> tuple[dict[str, SplitLabels], tuple[str, ...]]:
    """Return the splits of `raw` that have labels, and notes on what was decided.

    Parameters
    ----------
    name
        That of the data in messages.
    texts
        The user's names of the columns of texts; none for a guess.
    label
        The user's name of the label column; None for a guess.
    classes
        Names of the model's classes: where one is -1, that does not mark a secret label.

    Raises
    ------
    DataError
        When a needed split has no labels or cannot be read, or no split has labels.
    """
    rows, notes, failed = _open_exports(raw, label, name)
    column, more = _guess(rows, find_needed(need, rows), texts, label)
    found: dict[str, SplitLabels | DataError] = {}
    for split in raw:
        own_guess = column is None or split in need
        try:
            if split in failed:
                raise failed[split]
            found[split] = _read(rows[split], column, (texts, label), f"{name}, {split}", classes, own_guess=own_guess)
        except DataError as error:
            found[split] = error
    secret = [split for split, one in found.items() if isinstance(one, _NoLabelsError)]
    if len(secret) == len(raw):
        raise _of_all(found, need, name)
    kept, left_out = without_secret_labels(found, secret)
    for split in find_needed(need, kept):
        if isinstance(one := kept[split], DataError):
            raise one
    for split in set(need) & set(secret) - set(kept):
        if (split != VALIDATION or TRAIN not in kept) and isinstance(one := found[split], DataError):
            raise one
    unread = {split: one for split, one in kept.items() if isinstance(one, DataError)}
    labelled = {split: one for split, one in kept.items() if isinstance(one, SplitLabels)}
    read = [note for one in labelled.values() for note in one.labels.notes]
    notes += more + tuple(dict.fromkeys(read)) + left_out
    return labelled, notes + tuple(describe_left_out(split, error, name) for split, error in unread.items())


def _open_exports(
    raw: Mapping[str, Dataset], label_column: str | None, name: str
) -> tuple[dict[str, Dataset], tuple[str, ...], dict[str, DataError]]:
    """Return the splits as plain rows, notes on them, and why others cannot be read."""
    opened: dict[str, Dataset] = {}
    notes: tuple[str, ...] = ()
    failed: dict[str, DataError] = {}
    for split, rows in raw.items():
        try:
            opened[split], more = plain_rows(rows, label_column, f"{name}, {split}")
            notes += more
        except DataError as error:
            failed[split] = error
    return opened, notes, failed


def _guess(
    rows: Mapping[str, Dataset], needed: Sequence[str], texts: Collection[str], label: str | None
) -> tuple[str | None, tuple[str, ...]]:
    """Return the label column of the first needed split that has one, else of any split; and what else it could be."""
    for split in [*needed, *rows]:
        names = [name for name in rows[split].column_names if name not in texts or name == label]
        try:
            found = guess_label_column(names, label)
        except DataError:
            continue
        others = [] if label else other_label_columns(names, found)
        note = f"labels are read from '{found}', not from {', '.join(others)}; --label-column names another"
        return found, (note,) if others else ()
    return None, ()


def _read(
    rows: Dataset,
    column: str | None,
    chosen: tuple[Collection[str], str | None],
    where: str,
    classes: Collection[str],
    *,
    own_guess: bool,
) -> SplitLabels:
    texts, label = chosen
    names = [name for name in rows.column_names if name not in texts or name == label]
    if column not in names:
        if not own_guess:
            raise _NoColumnError(f"{where} has no column '{column}'")
        try:
            column = guess_label_column(names, label)
        except DataError as error:
            indicators = None if label else describe_indicators(rows, texts)
            hint = f"; {indicators}" if indicators else ""
            raise _NoColumnError(f"{where}: {error}{hint}") from error
    assert column is not None  # noqa: S101
    try:
        labels = read_label_column(rows, column)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    if labels.is_secret and "-1" not in classes:
        raise _NoLabelsError(f"{where} has no labels; give labelled rows, or name the column with --label-column")
    return SplitLabels(rows, column, labels)


def _of_all(found: Mapping[str, object], need: Iterable[str], name: str) -> DataError:
    """Return why no split has labels: that of a needed split where columns are missing."""
    errors = [found[split] for split in [*need, *found] if split in found]
    nothing = DataError(f"{name} has no labels; give labelled rows, or name the column with --label-column")
    return next((one for one in errors if isinstance(one, _NoColumnError)), nothing)
