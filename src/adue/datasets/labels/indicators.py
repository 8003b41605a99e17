"""Columns of 0 and 1, one for each label: what data of several labels per text look like."""

from collections.abc import Collection

from datasets import Dataset

_BITS = frozenset({"0", "1", "0.0", "1.0", "false", "true"})
_LOOKED_AT = 1000


def describe_indicators(rows: Dataset, passed_over: Collection[str | None] = ()) -> str | None:
    """Return that several columns hold 0 and 1 only, None where they do not; the first 1,000 rows are looked at.

    Examples
    --------
    >>> rows = Dataset.from_dict({"text": ["a", "b"], "toxic": [0, 1], "insult": [1, 1]})
    >>> describe_indicators(rows)
    'toxic, insult hold 0 and 1 only, like one column for each of several labels; see adue fit --multi-label'
    """
    head = rows.select(range(min(_LOOKED_AT, len(rows))))
    found = [
        name
        for name in rows.column_names
        if name not in passed_over and {str(value).strip().casefold() for value in head[name][:]} <= _BITS
    ]
    if len(found) < 2:  # noqa: PLR2004 - one such column may be the label
        return None
    return (
        f"{', '.join(found)} hold 0 and 1 only, like one column for each of several labels; see adue fit --multi-label"
    )
