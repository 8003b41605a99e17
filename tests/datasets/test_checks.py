import pytest

from adue.datasets.checks import check_classes, check_texts
from adue.foundation.errors import DataError, DataWarning


def test_empty_texts_are_kept_with_a_warning_that_counts_them() -> None:
    with pytest.warns(DataWarning, match=r"d\.csv: 2 of 3 texts in column 'text' are empty \(first: row 2\)"):
        assert check_texts(["a", " \n", ""], "text", "d.csv") == ["a", " \n", ""]


def test_missing_texts_are_an_error_that_counts_them() -> None:
    with pytest.raises(DataError, match=r"d\.csv: 1 of 2 rows have no text in column 'text' \(first: row 2\)"):
        check_texts(["a", None], "text", "d.csv")


def test_a_column_of_numbers_is_not_a_column_of_texts() -> None:
    with pytest.raises(DataError, match=r"column 'id' holds int values, not text \(first: row 1\).*--text-column"):
        check_texts([1, 2], "id", "d.csv")


def test_rows_of_one_class_are_refused_by_its_name() -> None:
    with pytest.raises(DataError, match=r"train: every row is labelled 'pos', .*--label-column"):
        check_classes([1, 1], {"neg": 0, "pos": 1}, "train")


def test_rows_that_no_class_fits_cannot_be_learned_from() -> None:
    with pytest.raises(
        DataError, match=r"train: 1 of 3 rows are labelled 'out-of-scope', .*drop these rows, or rename"
    ):
        check_classes([1, 0, -1], {"neg": 0, "pos": 1}, "train")


def test_rows_of_two_classes_pass() -> None:
    check_classes([1, 0], {"neg": 0, "pos": 1}, "train")
