"""What one row is: a text, or two that are read together."""

from collections.abc import Sequence
from typing import TypeAlias

Text: TypeAlias = str | tuple[str, str]
"""One text, or a pair of texts such as a premise and a hypothesis."""


def is_pair(row: object) -> bool:
    """Tell whether `row` is two texts, in a tuple or a list.

    Examples
    --------
    >>> is_pair(("A man sleeps.", "Somebody is awake.")), is_pair("ab")
    (True, False)
    """
    two = 2
    return (
        isinstance(row, Sequence)
        and not isinstance(row, str)
        and len(row) == two
        and all(isinstance(text, str) for text in row)
    )
