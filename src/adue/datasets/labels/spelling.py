"""Which spellings of a label mean the same: with spaces around it, 1.0 for 1, in another case."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from adue.foundation.types import OUT_OF_SCOPE_NAME

_WHOLE_NUMBER = re.compile(r"([+-]?[0-9]{1,18})(\.0*)?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOST_NAMES_SHOWN = 10


def trim(text: str) -> str:
    """Return `text` without the spaces around it, and a whole number without its decimals.

    Examples
    --------
    >>> trim(" 1.0 ")
    '1'
    """
    stripped = unicodedata.normalize("NFC", text).strip()
    return stripped.partition(".")[0] if _WHOLE_NUMBER.fullmatch(stripped) else stripped


def fold(text: str) -> str:
    """Return what all spellings of a label have in common.

    Examples
    --------
    >>> fold(" Positive"), fold("+01.0")
    ('positive', '1')
    """
    number = whole_number(text)
    return trim(text).casefold() if number is None else str(number)


def whole_number(text: str) -> int | None:
    """Return the whole number that `text` is, None where it is none.

    Examples
    --------
    >>> whole_number("2.0"), whole_number("2.5"), whole_number("two")
    (2, None, None)
    """
    found = _WHOLE_NUMBER.fullmatch(text.strip())
    return int(found[1]) if found else None


def is_fraction(text: str) -> bool:
    """Return whether `text` is a number and no whole one."""
    return bool(_NUMBER.fullmatch(text.strip())) and whole_number(text) is None


def is_outside(text: str) -> bool:
    """Return whether `text` says that no class fits the row."""
    return text.strip().casefold() == OUT_OF_SCOPE_NAME


class Names:
    """Names that texts are compared with: as written, then without spaces and decimals, then without case."""

    _FORMS: tuple[Callable[[str], str], ...] = (str, trim, fold)

    def __init__(self, names: Iterable[str]) -> None:
        self._by_form: list[dict[str, list[str]]] = [{} for _ in self._FORMS]
        for name in names:
            for form, known in zip(self._FORMS, self._by_form, strict=True):
                known.setdefault(form(name), []).append(name)

    def matches(self, text: str) -> list[str]:
        """Return the names that `text` is a spelling of, by the strictest comparison that finds any.

        Examples
        --------
        >>> names = Names(["us", "US", "them"])
        >>> names.matches("US "), names.matches("Us"), names.matches("you")
        (['US'], ['us', 'US'], [])
        """
        for form, known in zip(self._FORMS, self._by_form, strict=True):
            if found := known.get(form(text)):
                return found
        return []


def show(names: Sequence[str], quote: str = "'") -> str:
    """Return up to ten names in a row, and how many more there are."""
    shown = [f"{quote}{name}{quote}" for name in names[:_MOST_NAMES_SHOWN]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
