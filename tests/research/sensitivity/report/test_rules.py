"""Which numbers give which default."""

import pytest

from adue.foundation.config import HyperParameters
from adue.research.sensitivity.report.rules import choose_point, choose_sharpness, enough_errors, enough_validation_rows
from tests.research.sensitivity.report.factory import make_table


def test_where_all_grid_points_are_alike_the_one_nearest_to_the_classifier_is_taken() -> None:
    choice = choose_point(make_table())
    assert choice.taken == HyperParameters(learning_rate=1e-4, alpha=10.0, beta=10.0)


def test_a_grid_point_that_is_better_beyond_one_standard_error_of_rows_is_taken() -> None:
    table = make_table(grid=lambda rate, alpha, beta: 0.05 if (rate, alpha, beta) == (1e-3, 1.0, 1.0) else 0.01)
    choice = choose_point(table)
    assert choice.best == choice.taken == HyperParameters(learning_rate=1e-3, alpha=1.0, beta=1.0)


def test_noisy_rows_widen_what_counts_as_alike() -> None:
    def grid(rate: float, alpha: float, beta: float) -> float:
        return 0.02 - beta / 1000

    assert choose_point(make_table(grid=grid, noise=0.002)).taken.beta == 1.0
    assert choose_point(make_table(grid=grid, noise=0.03)).taken.beta == 10.0


def test_test_rows_have_no_say_in_the_grid_point_and_lambda() -> None:
    table = make_table(grid=lambda rate, alpha, beta: -beta / 100, sharpness={10.0: 0.03, 100.0: 0.01})
    other = table.assign(test_auroc=1 - table["test_auroc"])
    assert choose_point(other) == choose_point(table)
    assert choose_sharpness(other, 100.0) == choose_sharpness(table, 100.0)


def test_a_best_point_at_the_edge_is_named() -> None:
    assert choose_point(make_table(grid=lambda rate, alpha, beta: alpha - abs(beta - 1))).edges == (
        "learning_rate",
        "alpha",
    )


def test_the_range_of_a_hyperparameter_averages_over_the_others() -> None:
    ranges = choose_point(make_table(grid=lambda rate, alpha, beta: beta / 100 + alpha / 1000)).ranges
    assert ranges == pytest.approx({"learning_rate": 0.0, "alpha": 0.01, "beta": 0.1})


def test_heads_that_could_not_be_trained_are_never_taken() -> None:
    table = make_table()
    lost = table["experiment"].eq("grid") & table["beta"].eq(10.0)
    table.loc[lost, "validation_auroc"] = float("nan")
    assert choose_point(table).taken.beta == 1.0


@pytest.mark.parametrize(
    ("gains", "noise", "taken", "worse"),
    [
        ({10.0: 0.02, 100.0: 0.01, 1000.0: 0.0}, 0.002, 10.0, (1000.0,)),
        ({10.0: 0.02, 100.0: 0.01, 1000.0: 0.0}, 0.015, 100.0, ()),
        ({10.0: 0.0105, 100.0: 0.01}, 0.0001, 100.0, ()),
        ({10.0: 0.02, 30.0: 0.03, 100.0: 0.01}, 0.002, 30.0, ()),
        ({100.0: 0.01}, 0.002, 100.0, ()),
        ({}, 0.002, 100.0, ()),
    ],
    ids=["clear", "within the noise of rows", "too small to matter", "best of two", "nothing else tried", "not tried"],
)
def test_lambda_is_changed_for_a_clear_gain_only(
    gains: dict[float, float], noise: float, taken: float, worse: tuple[float, ...]
) -> None:
    choice = choose_sharpness(make_table(sharpness=gains, noise=noise), 100.0)
    assert (choice.taken, choice.worse) == (taken, worse)


def test_one_seed_is_no_ground_for_another_lambda() -> None:
    assert choose_sharpness(make_table(sharpness={10.0: 0.05, 100.0: 0.01}, seeds=1), 100.0).taken == 100.0


@pytest.mark.parametrize(
    ("gains", "enough"),
    [
        ({10.0: 0.0, 30.0: 0.01, 100.0: 0.02}, 30),
        ({10.0: 0.01, 30.0: 0.0, 100.0: 0.02}, 100),
        ({10.0: 0.01, 30.0: 0.01, 100.0: 0.0}, None),
        ({10.0: 0.01, 30.0: 0.01}, 10),
        ({10.0: 0.0005, 30.0: 0.0005}, None),
    ],
)
def test_errors_are_enough_from_where_the_gain_stays(gains: dict[float, float], enough: int | None) -> None:
    assert enough_errors(make_table(errors=gains, jitter=0.00001)) == enough


def test_validation_rows_are_enough_from_where_nothing_is_lost() -> None:
    gains = {50.0: 0.0, 100.0: 0.0195, 200.0: 0.01, 500.0: 0.0195, 1000.0: 0.02}
    assert enough_validation_rows(make_table(validation=gains)) == 500
