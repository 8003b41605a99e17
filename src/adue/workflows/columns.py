"""What `adue predict` reads and adds, whichever engine does it: the column of texts, and three columns of answers."""

import warnings
from collections.abc import Sequence

from adue.datasets import guess_text_column
from adue.foundation.errors import DataError, DataWarning
from adue.models.model import AdueModel

LABEL, PROBABILITY, UNCERTAINTY = "label", "probability", "uncertainty"


def find_text_column(names: Sequence[str], chosen: str | None, prefix: str) -> str:
    """Return the column of texts among `names`.

    Raises
    ------
    DataError
        When it cannot be told, or one of the new columns is there already.
    """
    taken = [f"{prefix}{name}" for name in (LABEL, PROBABILITY, UNCERTAINTY) if f"{prefix}{name}" in names]
    if taken:
        raise DataError(
            f"the rows already have the column '{taken[0]}', which would be overwritten; "
            "choose other names with --prefix, for example --prefix predicted_"
        )
    return guess_text_column(names, chosen)


def checked_texts(values: Sequence[object], column: str, first: int, where: str = "") -> list[str]:
    """Return `values`, which begin after `first` rows, as the texts they have to be; a DataError names a row without.

    `where` follows the row's number in the message.
    """
    texts = []
    for number, value in enumerate(values, start=first + 1):
        if not isinstance(value, str):
            raise DataError(
                f"row {number}{where} has no text in the column '{column}' (found: {value!r}); "
                "drop the row, or name another column with --text-column"
            )
        texts.append(value)
    return texts


def answer_columns(
    model: AdueModel, texts: Sequence[str], prefix: str, batch_size: int
) -> dict[str, list[str] | list[float]]:
    """Return the new columns by name: label, probability and uncertainty of each text."""
    answers = model.predict(texts, batch_size=batch_size)
    return {
        f"{prefix}{LABEL}": answers.label_names,
        f"{prefix}{PROBABILITY}": answers.probabilities.max(axis=-1).astype(float).tolist(),
        f"{prefix}{UNCERTAINTY}": answers.uncertainty.astype(float).tolist(),
    }


def is_empty(text: str) -> bool:
    """Tell whether a text holds nothing but white space."""
    return not text.strip()


def warn_of_empty(count: int) -> None:
    """Warn that so many texts were empty, if any were."""
    if count:
        found = "text is empty; it was" if count == 1 else "texts are empty; they were"
        warnings.warn(f"{count} {found} scored like any other", DataWarning, stacklevel=3)
