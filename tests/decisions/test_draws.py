"""Bootstrap draws are draws with replacement of as many rows, and the same however many are held at a time."""

import numpy as np
import pytest

from adue.decisions import draws
from adue.decisions.draws import draw_counts, interval


def test_every_draw_has_as_many_rows_and_all_rows_are_equally_likely() -> None:
    counts = np.concatenate(list(draw_counts(200, 2000, seed=0)))
    assert counts.shape == (2000, 200)
    assert (counts.sum(axis=1) == 200).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=0.12)
    assert counts.var() == pytest.approx(1 - 1 / 200, abs=0.02)


def test_the_memory_does_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(draw_counts(50, 30, seed=1)))
    monkeypatch.setattr(draws, "PART", 120)
    parts = list(draw_counts(50, 30, seed=1))
    assert [len(part) for part in parts] == [2] * 15
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_an_interval_has_its_ends_at_the_quantiles_of_what_was_drawn() -> None:
    found = interval(50.0, np.arange(101.0))
    assert (found.value, found.low, found.high) == (50.0, 2.5, 97.5)
