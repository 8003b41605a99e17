import re
from collections.abc import Callable

import pytest

from adue.datasets.columns import guess_label_column, guess_text_column
from adue.foundation.errors import DataError


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["label", "text"], "text"),
        (["idx", "Sentence", "label"], "Sentence"),
        (["title", "content", "label"], "content"),
        (["anything"], "anything"),
    ],
)
def test_the_text_column_is_the_likeliest_name_in_any_case(names: list[str], expected: str) -> None:
    assert guess_text_column(names) == expected


@pytest.mark.parametrize("header", ["text;label", "text\tlabel", "text|label", "text,label"])
def test_a_header_that_was_not_divided_is_not_taken_for_a_column(header: str) -> None:
    with pytest.raises(DataError, match=r"^the only column is '.*': columns end with a comma in a \.csv file"):
        guess_text_column([header])
    assert guess_text_column([header], chosen=header) == header


def test_the_first_of_two_names_that_differ_in_case_is_taken() -> None:
    assert guess_text_column(["Text", "text", "x"]) == "Text"


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["text", "Label"], "Label"), (["text", "stars"], "stars"), (["class", "label", "text"], "label")],
)
def test_the_label_column_is_the_likeliest_name_in_any_case(names: list[str], expected: str) -> None:
    assert guess_label_column(names) == expected


def test_a_chosen_column_is_taken_over_every_guess() -> None:
    assert guess_text_column(["text", "other"], chosen="other") == "other"
    assert guess_label_column(["label", "other"], chosen="other") == "other"


def test_columns_that_nobody_can_guess_are_listed_with_the_option_to_name_one() -> None:
    with pytest.raises(
        DataError,
        match=re.escape(
            "no column looks like the text (the columns are: a, b); name the text column with --text-column"
        ),
    ):
        guess_text_column(["a", "b"])
    with pytest.raises(DataError, match=r"looks like the label .*a, b.*--label-column"):
        guess_label_column(["a", "b"])


def test_a_chosen_column_that_is_not_there_is_an_error_that_lists_the_columns() -> None:
    with pytest.raises(DataError, match=r"there is no column 'x' \(the columns are: a, text\).*--text-column"):
        guess_text_column(["a", "text"], chosen="x")


def test_a_single_column_is_not_mistaken_for_labels() -> None:
    with pytest.raises(DataError, match="--label-column"):
        guess_label_column(["text"])


@pytest.mark.parametrize("guess", [guess_label_column, guess_text_column])
def test_a_header_that_was_not_divided_is_said_first(guess: Callable[[list[str]], str]) -> None:
    with pytest.raises(DataError, match=r"^the only column is 'text;label': columns end with a comma in a \.csv file"):
        guess(["text;label"])
