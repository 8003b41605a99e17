import math

import pytest

from adue.report import numbers


def test_one_row_is_not_called_rows() -> None:
    assert (numbers.count(1, "row"), numbers.count(0, "row"), numbers.count(1200, "row")) == (
        "1 row",
        "0 rows",
        "1,200 rows",
    )


@pytest.mark.parametrize("words_for", [numbers.percent, numbers.decimal, numbers.signed])
def test_a_missing_number_reads_as_not_available(words_for: object) -> None:
    assert callable(words_for)
    assert words_for(math.nan) == "n/a"
