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


def plain(number: float, digits: int = 2) -> str:
    """Return a number with separators of thousands, and decimals only where it has some.

    >>> plain(1250.0), plain(0.5), plain(1250.25, 0)
    ('1,250', '0.5', '1,250')
    """
    written = f"{number:,.{digits}f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def significant(number: float) -> str:
    """Return a number with three significant digits and without an exponent, for readers who know none.

    >>> significant(0.000081234), significant(0.5), significant(-12345.0)
    ('0.0000812', '0.5', '-12,300')
    """
    rounded = float(f"{number:.3g}")
    digits = 0 if rounded == 0 else max(0, 2 - math.floor(math.log10(abs(rounded))))
    return plain(rounded, digits)
