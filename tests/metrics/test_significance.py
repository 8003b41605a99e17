import sys

import numpy as np
import pytest
from numpy import ndarray

from adue.foundation.errors import DataError, MissingExtraError
from adue.metrics import critical_difference, friedman_test, holm, wilcoxon_holm


def noisy_methods(*gains: float, cells: int = 30) -> ndarray:
    numbers = np.random.default_rng(0)
    return (
        np.array(gains)[:, np.newaxis] + numbers.normal(0.8, 0.05, cells) + numbers.normal(0, 0.01, (len(gains), cells))
    )


def test_signed_ranks_by_hand() -> None:
    # Differences 1, 2, 3, 4, -5 (in hundredths): the losing rank sum is 5; of the 32 signs 10 reach a sum of 5 or
    # less ({}, 1, 2, 3, 4, 5, 1+2, 1+3, 1+4, 2+3).
    gains = np.array([0.01, 0.02, 0.03, 0.04, -0.05])
    assert wilcoxon_holm(np.stack([np.zeros(5), gains])).p_values[1] == pytest.approx(2 * 10 / 32)


def test_a_method_that_is_better_everywhere_is_significant_after_the_correction() -> None:
    tests = wilcoxon_holm(noisy_methods(0, 0.05, 0, -0.05))
    assert (tests.adjusted[[1, 3]] < 0.001).all()
    assert tests.adjusted[2] > 0.05
    assert tests.median_difference[1] == pytest.approx(0.05, abs=0.01)
    assert tests.median_difference[3] == pytest.approx(-0.05, abs=0.01)


def test_the_reference_is_not_tested_and_does_not_count_for_the_correction() -> None:
    values = noisy_methods(0.05, 0)
    tests = wilcoxon_holm(values, reference=1)
    assert np.isnan([tests.p_values[1], tests.adjusted[1], tests.median_difference[1]]).all()
    assert tests.cells.tolist() == [30, 0]
    assert tests.adjusted[0] == tests.p_values[0]


def test_a_method_that_never_differs_has_p_one() -> None:
    assert wilcoxon_holm(np.ones((2, 60))).p_values[1] == 1.0


@pytest.mark.parametrize("cells", [6, 40])
def test_cells_without_a_difference_do_not_make_a_difference_more_certain(cells: int) -> None:
    gains = np.linspace(-0.2, 0.3, cells)
    diluted = np.append(gains, np.zeros(cells))
    alone, together = (wilcoxon_holm(np.stack([np.zeros(len(d)), d])).p_values[1] for d in (gains, diluted))
    assert alone <= together


def test_a_pair_is_tested_where_both_were_measured() -> None:
    values = noisy_methods(0, 0.02, 0.02)
    values[1, :10], values[0, 29] = np.nan, np.nan
    tests = wilcoxon_holm(values)
    assert tests.cells.tolist() == [0, 19, 29]
    assert tests.p_values[1] == wilcoxon_holm(values[:2, 10:29]).p_values[1]


def test_a_method_without_cells_has_no_p_value() -> None:
    values = noisy_methods(0, 0.02)
    tests = wilcoxon_holm(np.vstack([values, np.full(30, np.nan)]))
    assert np.isnan(tests.adjusted[2])
    assert tests.adjusted[1] == tests.p_values[1]


def test_holm_by_hand() -> None:
    # Ordered: 0.01 * 4, 0.02 * 3, then 0.03 * 2 and 0.04 * 1, none below the one before.
    np.testing.assert_allclose(holm(np.array([0.03, 0.01, 0.04, 0.02])), [0.06, 0.04, 0.06, 0.06])


def test_holm_of_nothing_is_nothing() -> None:
    assert np.isnan(holm(np.array([np.nan, np.nan]))).all()


def test_without_statsmodels_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels.stats.multitest", None)
    words = r'^Holm\'s correction needs the package statsmodels; run pip install "adue\[benchmark\]"$'
    with pytest.raises(MissingExtraError, match=words):
        holm(np.array([0.1]))


def test_friedman_by_hand() -> None:
    # Rank sums 4, 8, 12 over 4 cells: 12 / (4 * 3 * 4) * (16 + 64 + 144) - 3 * 4 * 4 = 8, chi-squared of 2 degrees.
    found = friedman_test(np.array([[0.9], [0.8], [0.7]]) + np.arange(4) / 100)
    assert found.statistic == pytest.approx(8)
    assert found.p_value == pytest.approx(float(np.exp(-4)))
    assert found.cells == 4


def test_friedman_leaves_incomplete_cells_out() -> None:
    values = noisy_methods(0, 0.01, 0.02)
    values[1, :5] = np.nan
    assert friedman_test(values) == friedman_test(values[:, 5:])


def test_friedman_of_methods_that_never_differ_finds_nothing() -> None:
    found = friedman_test(np.ones((3, 4)))
    assert (found.statistic, found.p_value) == (0.0, 1.0)


@pytest.mark.parametrize("shape", [(2, 9), (3, 1)])
def test_friedman_refuses_too_few_methods_or_cells(shape: tuple[int, int]) -> None:
    words = (
        rf"^Friedman's test needs at least 3 methods and 2 cells in which all of them have a value, got {shape[0]} and "
        rf"{shape[1]}; leave out methods that are rarely measured, or run more cells$"
    )
    with pytest.raises(DataError, match=words):
        friedman_test(np.random.default_rng(0).random(shape))


@pytest.mark.parametrize(
    ("methods", "quantile"), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (10, 3.164)]
)
def test_critical_difference_has_the_quantiles_of_demsars_table(methods: int, quantile: float) -> None:
    expected = quantile * np.sqrt(methods * (methods + 1) / (6 * 14))
    assert critical_difference(methods, 14) == pytest.approx(expected, rel=1e-3)


def test_critical_difference_shrinks_with_the_root_of_the_cells_and_grows_with_certainty() -> None:
    assert critical_difference(5, 40) == pytest.approx(critical_difference(5, 10) / 2)
    assert critical_difference(5, 40, alpha=0.01) > critical_difference(5, 40)


def test_critical_difference_refuses_one_method() -> None:
    words = r"^a critical difference needs at least 2 methods and 1 cell, got 1 and 5; run more cells$"
    with pytest.raises(DataError, match=words):
        critical_difference(1, 5)


@pytest.mark.parametrize("difference", [0.0, 0.1])
def test_a_single_cell_shows_nothing(difference: float) -> None:
    assert wilcoxon_holm(np.array([[0.5], [0.5 + difference]])).p_values[1] == 1.0
