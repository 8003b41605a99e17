"""Numbers as the report writes them."""

import math

UNKNOWN = "n/a"
SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


def percent(share: float) -> str:
    """Return a share in [0, 1] as a percentage with one decimal, ``n/a`` for NaN."""
    return UNKNOWN if math.isnan(share) else f"{100 * share:.1f}{SPACE}%"


def decimal(value: float) -> str:
    """Return a number with three decimals and a true minus sign, ``n/a`` for NaN."""
    return UNKNOWN if math.isnan(value) else f"{value:.3f}".replace("-", MINUS)


def signed(value: float, digits: int = 3) -> str:
    """Return a number that always shows its sign, ``n/a`` for NaN."""
    return UNKNOWN if math.isnan(value) else f"{value:+.{digits}f}".replace("-", MINUS)


def count(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> count(1200, "row")
    '1,200 rows'
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
