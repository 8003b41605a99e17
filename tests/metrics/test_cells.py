import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adue.metrics import WinsTiesLosses, complete_cells, mean_ranks, wins_ties_losses


def test_ranks_are_averaged_over_cells_and_the_best_is_first() -> None:
    values = np.array([[0.9, 0.6], [0.8, 0.7], [0.7, 0.5]])
    assert mean_ranks(values).tolist() == [1.5, 1.5, 3.0]


def test_equal_methods_share_the_mean_of_their_ranks() -> None:
    assert mean_ranks(np.array([[0.9], [0.9], [0.9], [0.1]])).tolist() == [2.0, 2.0, 2.0, 4.0]


def test_where_less_is_better_the_lowest_value_is_first() -> None:
    assert mean_ranks(np.array([[0.1], [0.3], [0.2]]), higher_is_better=False).tolist() == [1.0, 3.0, 2.0]


def test_a_cell_in_which_a_method_is_missing_counts_for_no_method() -> None:
    values = np.array([[0.9, 0.1, 0.1], [0.8, 0.2, np.nan]])
    assert complete_cells(values).tolist() == [True, True, False]
    np.testing.assert_array_equal(mean_ranks(values), mean_ranks(values[:, :2]))


def test_without_a_complete_cell_there_are_no_ranks() -> None:
    assert np.isnan(mean_ranks(np.array([[0.9, np.nan], [np.nan, 0.2]]))).all()


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**31))
def test_ranks_of_all_methods_average_to_the_middle(methods: int, cells: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 4, (methods, cells)) / 4
    assert mean_ranks(values).mean() == pytest.approx((methods + 1) / 2)


def test_an_interval_above_nothing_wins_one_below_loses_and_all_others_tie() -> None:
    low = np.array([0.01, 0.0, -0.1, -0.2, 0.0])
    high = np.array([0.02, 0.1, 0.1, -0.1, 0.0])
    assert wins_ties_losses(low, high) == WinsTiesLosses(wins=1, ties=3, losses=1)


def test_cells_without_an_interval_count_nowhere() -> None:
    nothing = np.full(3, np.nan)
    assert wins_ties_losses(nothing, nothing) == WinsTiesLosses(wins=0, ties=0, losses=0)
