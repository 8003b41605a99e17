from collections.abc import Sequence

import pytest

from adue.research.benchmark.timing import TIMED_ROWS, seconds_for


@pytest.mark.parametrize("rows", [1, 128, 255, 383, 2000])
def test_the_rows_that_are_timed_are_spread_over_all(rows: int) -> None:
    read: list[str] = []

    def note(texts: Sequence[str]) -> None:
        read.extend(texts)

    assert seconds_for(note, [str(number) for number in range(rows)]) > 0
    numbers = [int(text) for text in read]
    assert len(set(numbers)) == min(rows, TIMED_ROWS)
    assert (numbers[0], numbers[-1]) == (0, rows - 1)
    assert sum(numbers) / len(numbers) == pytest.approx((rows - 1) / 2, abs=1)
