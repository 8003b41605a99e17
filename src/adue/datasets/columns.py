"""Which columns hold the texts and which the labels: by the user's word, else by the usual names."""

from collections.abc import Sequence
from dataclasses import dataclass

from adue.foundation.errors import DataError

TEXT_COLUMNS = (
    "text", "sentence", "content", "review", "review_body", "comment", "tweet", "document", "body", "message",
    "utterance", "post", "question", "query", "input", "inputs", "headline", "title",
)  # fmt: skip
"""Names that usually mean the text, the likeliest first; case does not matter."""

TEXT_PAIRS = (
    ("text", "text_pair"), ("text1", "text2"), ("text_1", "text_2"), ("text_a", "text_b"),
    ("sentence1", "sentence2"), ("sentence_1", "sentence_2"), ("sentence_a", "sentence_b"),
    ("premise", "hypothesis"), ("claim", "evidence"),
    ("question1", "question2"), ("question", "sentence"), ("question", "passage"), ("question", "answer"),
    ("question", "context"), ("query", "document"), ("query", "passage"), ("query", "title"),
)  # fmt: skip
"""Names of two columns that usually are read together, in the order of reading; case does not matter.

A title and its text are no pair: most classifiers of such data read the text alone.
"""

LABEL_COLUMNS = (
    "label", "labels", "target", "targets", "class", "category", "gold", "gold_label", "sentiment", "topic", "intent",
    "emotion", "choice", "choices", "stars", "rating", "y",
)  # fmt: skip
"""Names that usually mean the label, the likeliest first; case does not matter."""


DELIMITERS = ",;\t|"
"""What may divide the fields of a file."""


@dataclass(frozen=True)
class TextColumns:
    """The column of texts, and that of the second texts where rows are pairs.

    Examples
    --------
    >>> TextColumns("premise", "hypothesis").names
    ('premise', 'hypothesis')
    """

    text: str
    pair: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns in the order of reading."""
        return (self.text,) if self.pair is None else (self.text, self.pair)


def find_text_columns(
    names: Sequence[str], text: str | None = None, pair: str | None = None, *, pairs: bool | None = None
) -> TextColumns:
    """Return the column of texts, and that of second texts where rows are pairs.

    Where two columns are called like a pair and nothing says whether both are read, neither reading is taken: the
    other one would give wrong answers without an error.

    Parameters
    ----------
    names
        The columns there are, without that of the labels.
    text, pair
        What was chosen; `text` alone means that rows are single texts.
    pairs
        Whether the model reads pairs of texts, None where nothing says.

    Raises
    ------
    DataError
        When a chosen column does not exist, the columns do not fit `pairs`, or nothing says which ones to read.

    Examples
    --------
    >>> find_text_columns(["Premise", "Hypothesis"], pairs=True)
    TextColumns(text='Premise', pair='Hypothesis')
    """
    if pair is not None:
        return _chosen_pair(names, text, pair, pairs)
    if text is not None:
        if pairs:
            raise DataError("the model reads pairs of texts; name the column of the second with --text-pair-column")
        return TextColumns(_pick(names, text, TEXT_COLUMNS, kind="text"))
    found = _find_pairs(names)
    if pairs:
        return _only_pair(names, found)
    likeliest = _likeliest(names, TEXT_COLUMNS)
    unclear = [columns for columns in found if likeliest is None or likeliest in columns.names]
    if unclear:
        raise _unclear(unclear[0], pairs)
    return TextColumns(guess_text_column(names))


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
    likeliest = _likeliest(names, usual)
    if likeliest is not None:
        return likeliest
    raise DataError(
        f"no column looks like the {kind} (the columns are: {listed}); name the {kind} column with --{kind}-column"
    )


def _likeliest(names: Sequence[str], usual: Sequence[str]) -> str | None:
    by_lower_case = _by_lower_case(names)
    return next((by_lower_case[name] for name in usual if name in by_lower_case), None)


def _by_lower_case(names: Sequence[str]) -> dict[str, str]:
    """Return the names by what they are in lower case; the first of two that are the same then."""
    return {name.strip().lower(): name for name in reversed(names)}


def _find_pairs(names: Sequence[str]) -> list[TextColumns]:
    by_lower_case = _by_lower_case(names)
    return [
        TextColumns(by_lower_case[first], by_lower_case[second])
        for first, second in TEXT_PAIRS
        if first in by_lower_case and second in by_lower_case
    ]


def _chosen_pair(names: Sequence[str], text: str | None, pair: str, pairs: bool | None) -> TextColumns:
    if pairs is False:
        raise DataError("the model reads single texts; leave --text-pair-column out")
    _pick(names, pair, (), kind="text-pair")
    if text is None:
        known = [columns.text for columns in _find_pairs(names) if columns.pair == pair]
        text = known[0] if known else guess_text_column([name for name in names if name != pair])
    if text == pair:
        raise DataError(f"'{pair}' is named for both texts of a pair; name another column with --text-column")
    return TextColumns(_pick(names, text, TEXT_COLUMNS, kind="text"), pair)


def _only_pair(names: Sequence[str], found: Sequence[TextColumns]) -> TextColumns:
    if len(found) == 1:
        return found[0]
    listed = ", ".join(names) or "none"
    why = "several of them are called like a pair" if found else "no two of them are called like a pair"
    raise DataError(
        f"the model reads pairs of texts, but of the columns ({listed}) {why}; "
        "name them with --text-column and --text-pair-column"
    )


def _unclear(columns: TextColumns, pairs: bool | None) -> DataError:
    first, second = columns.names
    if pairs is False:
        return DataError(
            f"the model reads single texts, but the columns '{first}' and '{second}' look like a pair; "
            f"name the one to read, such as --text-column {first}"
        )
    return DataError(
        f"the columns '{first}' and '{second}' look like a pair of texts; read both with --text-pair-column {second}, "
        f"or one alone with --text-column {first}"
    )
