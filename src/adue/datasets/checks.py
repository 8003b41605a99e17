"""What is looked at before anything is computed: texts that are missing, empty, or not text; too few classes."""

import warnings
from collections.abc import Mapping, Sequence

from adue.foundation.errors import DataError, DataWarning
from adue.foundation.types import OUT_OF_SCOPE, OUT_OF_SCOPE_NAME


def check_texts(texts: Sequence[object], column: str, where: str, *, may_be_empty: bool = False) -> list[str]:
    """Return `texts`, now known to be strings; warn when some are empty, unless they may be, as second texts may.

    `where` names the data in messages.

    Rows are counted from 1.

    Raises
    ------
    DataError
        When a text is missing or is not a string.
    """
    missing = [row for row, text in enumerate(texts, start=1) if text is None]
    if missing:
        raise DataError(
            f"{where}: {len(missing)} of {len(texts)} rows have no text in column '{column}' (first: row "
            f"{missing[0]}); fill them in or drop these rows"
        )
    strings = [text for text in texts if isinstance(text, str)]
    if len(strings) < len(texts):
        row, other = next((row, text) for row, text in enumerate(texts, start=1) if not isinstance(text, str))
        raise DataError(
            f"{where}: column '{column}' holds {type(other).__name__} values, not text (first: row {row}); "
            "name the column of texts with --text-column"
        )
    if not may_be_empty:
        _warn_about_empty(strings, column, where)
    return strings


def check_classes(labels: Sequence[int], label2id: Mapping[str, int], where: str) -> None:
    """Refuse rows that nothing can be learned from: of one class, or of none.

    Raises
    ------
    DataError
        When `labels` holds one class only, or a row that no class fits.
    """
    outside = labels.count(OUT_OF_SCOPE)
    if outside:
        raise DataError(
            f"{where}: {outside} of {len(labels)} rows are labelled '{OUT_OF_SCOPE_NAME}', and a classifier cannot "
            "learn what no class fits; drop these rows, or rename the label with --label-map to make it a class"
        )
    found = set(labels)
    if len(found) == 1:
        (only,) = [name for name, index in label2id.items() if index in found]
        raise DataError(
            f"{where}: every row is labelled '{only}', and nothing can be learned from one class; "
            "check --label-column, or add rows of another class"
        )


def _warn_about_empty(texts: Sequence[str], column: str, where: str) -> None:
    empty = [row for row, text in enumerate(texts, start=1) if not text.strip()]
    if empty:
        warnings.warn(
            f"{where}: {len(empty)} of {len(texts)} texts in column '{column}' are empty (first: row {empty[0]}); "
            "they are kept, drop them if they should not count",
            DataWarning,
            stacklevel=2,
        )
