"""Rows that are pairs of texts: two columns, read as one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from adue.foundation.texts import Text

if TYPE_CHECKING:
    from datasets import Dataset

TEXT_PAIR = "text_pair"
"""The column of labelled rows that holds the second text of a pair."""


class Pairs(Sequence[tuple[str, str]]):
    """Two columns as pairs of texts; a slice reads the rows of that slice only.

    Parameters
    ----------
    first, second
        The texts, both of the same length.

    Examples
    --------
    >>> Pairs(["a", "b"], ["c", "d"])[1:]
    [('b', 'd')]
    """

    def __init__(self, first: Sequence[str], second: Sequence[str]) -> None:
        self.first, self.second = first, second

    def __len__(self) -> int:
        return len(self.first)

    @overload
    def __getitem__(self, index: int) -> tuple[str, str]: ...

    @overload
    def __getitem__(self, index: slice) -> list[tuple[str, str]]: ...

    def __getitem__(self, index: int | slice) -> tuple[str, str] | list[tuple[str, str]]:
        if isinstance(index, int):
            return self.first[index], self.second[index]
        return list(zip(self.first[index], self.second[index], strict=True))


def has_pairs(rows: "Dataset") -> bool:
    """Tell whether labelled rows are pairs of texts."""
    return TEXT_PAIR in rows.column_names


def texts_of(rows: "Dataset") -> Sequence[Text]:
    """Return the texts of labelled rows, or the pairs of texts where there is a column ``text_pair``.

    What is returned reads rows as they are asked for; ``[:]`` makes a list of it.
    """
    texts: Sequence[str] = rows["text"]
    return Pairs(texts, rows[TEXT_PAIR]) if has_pairs(rows) else texts
