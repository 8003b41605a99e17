"""Which column holds the texts and which the labels: by the user's word, else by the usual names."""

from collections.abc import Sequence

from adue.foundation.errors import DataError

TEXT_COLUMNS = (
    "text", "sentence", "content", "review", "review_body", "comment", "tweet", "document", "body", "message",
    "utterance", "post", "question", "query", "input", "inputs", "headline", "title",
)  # fmt: skip
"""Names that usually mean the text, the likeliest first; case does not matter."""

LABEL_COLUMNS = (
    "label", "labels", "target", "targets", "class", "category", "gold", "gold_label", "sentiment", "topic", "intent",
    "emotion", "choice", "choices", "stars", "rating", "y",
)  # fmt: skip
"""Names that usually mean the label, the likeliest first; case does not matter."""


DELIMITERS = ",;\t|"
"""What may divide the fields of a file."""


def guess_text_column(names: Sequence[str], chosen: str | None = None) -> str:
    """Return the column of texts: `chosen`, else the likeliest of the usual names, else the only column there is.

    Raises
    ------
    DataError
        When `chosen` does not exist or nothing looks like a text column; the message lists the columns.

    Examples
    --------
    >>> guess_text_column(["id", "Review", "stars"])
    'Review'
    """
    if chosen is None and len(names) == 1:
        _require_divided(names)
        return names[0]
    return _pick(names, chosen, TEXT_COLUMNS, kind="text")


def guess_label_column(names: Sequence[str], chosen: str | None = None) -> str:
    """Return the column of labels: `chosen`, else the likeliest of the usual names.

    Raises
    ------
    DataError
        When `chosen` does not exist or nothing looks like a label column; the message lists the columns.
    """
    if chosen is None:
        _require_divided(names)
    return _pick(names, chosen, LABEL_COLUMNS, kind="label")


def other_label_columns(names: Sequence[str], taken: str) -> list[str]:
    """Return the columns beside `taken` that are called as labels usually are.

    Examples
    --------
    >>> other_label_columns(["text", "label", "Topic"], "label")
    ['Topic']
    """
    return [name for name in names if name != taken and name.strip().lower() in LABEL_COLUMNS]


def is_usual_text(name: str) -> bool:
    """Return whether a column of this name usually holds texts.

    Examples
    --------
    >>> is_usual_text("Review"), is_usual_text("A good film.")
    (True, False)
    """
    return name.strip().lower() in TEXT_COLUMNS


def describe_undivided(names: Sequence[str]) -> str | None:
    """Return what is wrong with a header that is one name with a delimiter in it; None where nothing is.

    Examples
    --------
    >>> describe_undivided(["text;label"])
    "the only column is 'text;label': columns end with a comma in a .csv file, with a tab in a .tsv file; save it so"
    """
    if len(names) != 1 or not set(names[0]) & set(DELIMITERS):
        return None
    return (
        f"the only column is '{names[0]}': columns end with a comma in a .csv file, with a tab in a .tsv file; "
        "save it so"
    )


def _require_divided(names: Sequence[str]) -> None:
    undivided = describe_undivided(names)
    if undivided:
        raise DataError(f"{undivided}, or name the column with --text-column")


def _pick(names: Sequence[str], chosen: str | None, usual: tuple[str, ...], kind: str) -> str:
    listed = ", ".join(names) or "none"
    if chosen is not None:
        if chosen not in names:
            raise DataError(
                f"there is no column '{chosen}' (the columns are: {listed}); name the {kind} column with "
                f"--{kind}-column"
            )
        return chosen
    by_lower_case = {name.strip().lower(): name for name in reversed(names)}
    for name in usual:
        if name in by_lower_case:
            return by_lower_case[name]
    raise DataError(
        f"no column looks like the {kind} (the columns are: {listed}); name the {kind} column with --{kind}-column"
    )
