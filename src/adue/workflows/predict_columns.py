"""What `adue predict` reads and adds on every engine: the column of texts, and the columns of answers.

To add a column, add a line to ANSWER_COLUMNS.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from adue.datasets import TextColumns, find_text_columns
from adue.datasets.columns import is_usual_text
from adue.datasets.file_formats.chunks import Column
from adue.datasets.pairs import Pairs
from adue.foundation.errors import DataError, DataWarning
from adue.foundation.texts import Text
from adue.foundation.types import Predictions
from adue.models.model import AdueModel


@dataclass(frozen=True)
class AnswerColumn:
    """A column that is added to the rows.

    Attributes
    ----------
    name
        Of the column, without the user's prefix.
    type
        Arrow's type of its values, which Parquet keeps.
    values
        Returns them from the answers to some texts, in the order of the texts.
    """

    name: str
    type: pa.DataType
    values: Callable[[Predictions], list[Any]]


LABEL, PROBABILITY, UNCERTAINTY = "label", "probability", "uncertainty"

ANSWER_COLUMNS: tuple[AnswerColumn, ...] = (
    AnswerColumn(LABEL, pa.string(), lambda answers: answers.label_names),
    AnswerColumn(PROBABILITY, pa.float64(), lambda answers: answers.probabilities.max(axis=-1).tolist()),
    AnswerColumn(UNCERTAINTY, pa.float64(), lambda answers: answers.uncertainty.tolist()),
)
"""The columns that are added, in their order; LABEL and UNCERTAINTY are counted in the summary."""


def answer_names(prefix: str) -> list[str]:
    """Return the names of the columns that are added."""
    return [f"{prefix}{column.name}" for column in ANSWER_COLUMNS]


def answer(model: AdueModel, texts: Sequence[Text], prefix: str, batch_size: int) -> tuple[dict[str, Column], int]:
    """Return the new columns by name, one value for each text, and how many of the texts were cut."""
    answers = model.predict(texts, batch_size=batch_size) if texts else None
    columns = {
        f"{prefix}{column.name}": Column([] if answers is None else column.values(answers), column.type)
        for column in ANSWER_COLUMNS
    }
    return columns, 0 if answers is None else int(answers.truncated.sum())


def find_columns(
    names: Sequence[str], text: str | None, pair: str | None, added: Sequence[str], *, pairs: bool | None
) -> TextColumns:
    """Return the column of texts among `names`, and that of second texts where rows are pairs.

    Parameters
    ----------
    text, pair
        What was chosen.
    added
        The names of the new columns.
    pairs
        Whether the model reads pairs of texts.

    Raises
    ------
    DataError
        When nothing says which one it is, one of the new columns is there already, or the only name may be a text.
    """
    taken = next((name for name in added if name in names), None)
    if taken is not None:
        raise DataError(
            f"the rows already have the column '{taken}', which would be overwritten; "
            "choose other names with --prefix, for example --prefix predicted_"
        )
    columns = find_text_columns(names, text, pair, pairs=pairs)
    if text is None and len(names) == 1 and not is_usual_text(columns.text):
        raise DataError(
            f"the only column is called '{columns.text}', which may be a text, as in a file without a header: name it "
            "with --text-column, write a header such as text, or give one text a line in a .txt file"
        )
    return columns


def require_rows(
    columns: TextColumns, values: Callable[[str], Sequence[object]], first: int, where: str = ""
) -> Sequence[Text]:
    """Return the texts, or pairs of texts, of rows that begin after `first` others; a DataError names a row without.

    `values` gives the values of a column by its name; `where` follows the row's number in the message.
    """
    texts = require_texts(values(columns.text), columns.text, first, where)
    if columns.pair is None:
        return texts
    return Pairs(texts, require_texts(values(columns.pair), columns.pair, first, where, option="--text-pair-column"))[:]


def require_texts(
    values: Sequence[object], column: str, first: int, where: str = "", option: str = "--text-column"
) -> list[str]:
    """Return `values`, which begin after `first` rows, as the texts they have to be; a DataError names a row without.

    `where` follows the row's number in the message, and `option` chooses the column.
    """
    texts = []
    for number, value in enumerate(values, start=first + 1):
        if not isinstance(value, str):
            raise DataError(
                f"row {number}{where} has no text in the column '{column}' (found: {value!r}); "
                f"drop the row, or name another column with {option}"
            )
        texts.append(value)
    return texts


def is_empty(text: Text) -> bool:
    """Return whether a text, or both of a pair, hold nothing but white space."""
    return not "".join(text).strip()


def warn_of_empty(count: int) -> None:
    """Warn of `count` empty texts, if there are any."""
    if count:
        found = "text is empty; it was" if count == 1 else "texts are empty; they were"
        warnings.warn(f"{count} {found} scored like any other", DataWarning, stacklevel=3)
