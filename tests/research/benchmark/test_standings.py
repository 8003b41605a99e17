"""Standings against numbers worked out by hand."""

import math
from pathlib import Path

import pytest

from adue.foundation.errors import DataError
from adue.metrics import WinsTiesLosses
from adue.research.benchmark.cells_csv import Value
from adue.research.benchmark.cells_frame import Domain, read_frame
from adue.research.benchmark.standings import Standing, standings
from tests.research.benchmark.results import result, write_rows

REFERENCE = "softmax-response"
ROWS = [
    # Task a, two seeds: means 0.70, 0.75, 0.65.
    result(REFERENCE, "a", 0.69, seed=0),
    result(REFERENCE, "a", 0.71, seed=1),
    result("entropy", "a", 0.75, 0.06, seed=0),
    result("entropy", "a", 0.75, 0.04, seed=1),
    result("energy", "a", 0.60, -0.09, seed=0),
    result("energy", "a", 0.70, -0.005, seed=1),
    # Task b, one seed.
    result(REFERENCE, "b", 0.80),
    result("entropy", "b", 0.78, -0.02),
    result("energy", "b", 0.60, -0.20),
]


def home(tmp_path: Path, rows: list[dict[str, Value]]) -> dict[str, Standing]:
    domain, _ = Domain.both(read_frame(write_rows(tmp_path / "cells.csv", rows)))
    return {one.method: one for one in standings(domain, [REFERENCE, "entropy", "energy", "margin"])}


def test_auroc_is_the_mean_over_tasks_of_the_mean_over_seeds(tmp_path: Path) -> None:
    found = home(tmp_path, ROWS)
    assert found["entropy"].auroc == pytest.approx((0.75 + 0.78) / 2)
    assert found["energy"].auroc == pytest.approx((0.65 + 0.60) / 2)
    assert found["entropy"].difference == pytest.approx((0.05 - 0.02) / 2)


def test_ranks_are_over_tasks(tmp_path: Path) -> None:
    found = home(tmp_path, ROWS)
    # Task a: entropy, reference, energy; task b: reference, entropy, energy.
    assert {name: one.rank for name, one in found.items()} == {REFERENCE: 1.5, "entropy": 1.5, "energy": 3.0}
    assert list(found)[-1] == "energy"


def test_wins_ties_and_losses_count_every_cell(tmp_path: Path) -> None:
    found = home(tmp_path, ROWS)
    assert found["entropy"].against_reference == WinsTiesLosses(wins=2, ties=0, losses=1)
    assert found["energy"].against_reference == WinsTiesLosses(wins=0, ties=1, losses=2)
    assert found[REFERENCE].against_reference == WinsTiesLosses(wins=0, ties=3, losses=0)


def test_the_worst_cell_is_the_deepest_of_the_losses(tmp_path: Path) -> None:
    found = home(tmp_path, ROWS)
    worst = found["energy"].worst
    assert worst is not None
    assert (worst.cell, worst.difference) == ("m b, seed 0", -0.20)
    assert found[REFERENCE].worst is None


def test_a_test_over_two_tasks_shows_nothing(tmp_path: Path) -> None:
    found = home(tmp_path, ROWS)
    # Wilcoxon over two tasks: p = 1 for one sign each way, p = 0.5 for two losses, twice that after Holm.
    assert found["entropy"].p_value == pytest.approx(1.0)
    assert found["energy"].p_value == pytest.approx(1.0)
    assert math.isnan(found[REFERENCE].p_value)


def test_a_method_without_a_value_in_some_task_has_no_rank_and_takes_none_from_others(tmp_path: Path) -> None:
    found = home(tmp_path, [*ROWS, result("margin", "a", 0.99, 0.29), result("margin", "b", math.nan, math.nan)])
    assert math.isnan(found["margin"].rank)
    assert math.isnan(found["margin"].auroc)
    assert found["margin"].tasks == 1
    assert found["entropy"].rank == 1.5
    assert list(found)[-1] == "margin"


def test_a_method_that_scored_some_rows_is_compared_on_these_and_has_no_rank(tmp_path: Path) -> None:
    sampled = [result("margin", "a", 0.99, -0.03, n=50), result("margin", "b", 0.99, 0.01, n=50)]
    found = home(tmp_path, [*ROWS, *sampled])
    assert found["margin"].difference == pytest.approx(-0.01)
    assert math.isnan(found["margin"].rank)
    assert found["entropy"].rank == 1.5


def test_a_method_that_lacks_a_seed_is_compared_with_the_seeds_it_has(tmp_path: Path) -> None:
    found = home(tmp_path, [*ROWS, result("margin", "a", 0.70, -0.01, seed=1), result("margin", "b", 0.82, 0.02)])
    assert found["margin"].difference == pytest.approx(0.005)
    assert math.isnan(found["margin"].rank)


def test_the_paper_is_compared_where_it_was_run(tmp_path: Path) -> None:
    paper: dict[str, Value] = {"paper_difference": 0.02, "paper_low": 0.01, "paper_high": 0.03}
    rows = [*ROWS[:-1], result("energy", "b", 0.6, -0.2, **paper)]
    found = home(tmp_path, rows)
    assert found["energy"].against_paper == WinsTiesLosses(wins=1, ties=0, losses=0)
    assert found["entropy"].against_paper is None


def test_shifted_sets_and_companions_are_not_at_home(tmp_path: Path) -> None:
    rows = [
        *ROWS,
        result(REFERENCE, "a", 0.1, evaluation_set="tweets", shifted=True),
        result(REFERENCE, "a", 0.2, evaluation_set="a-nonoverlap"),
    ]
    at_home, away = Domain.both(read_frame(write_rows(tmp_path / "cells.csv", rows)))
    assert set(at_home.frame["evaluation_set"]) == {"a", "b"}
    assert set(away.frame["evaluation_set"]) == {"tweets"}


def test_no_rows_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cells.csv holds no rows to make tables of; run adue benchmark"):
        read_frame(tmp_path / "cells.csv")
