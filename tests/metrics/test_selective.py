from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import ndarray

from adue.metrics import accuracy_at_coverage, augrc, aurc, auroc, e_aurc, prr, risk_coverage
from tests.metrics.cases import scored_rows

PLAIN = (np.array([0.1, 0.3, 0.4, 0.9]), np.array([False, True, False, True]))
TIED = (np.array([0.1, 0.5, 0.5, 0.9]), np.array([False, False, True, True]))


def straight_lines(values: list[float]) -> float:
    """Return the area under values at coverages 1/n .. 1, the first one continued to 0."""
    n = len(values)
    return (values[0] + sum((a + b) / 2 for a, b in pairwise(values))) / n


def test_risk_coverage_by_hand_with_ties() -> None:
    u = np.array([0.3, 0.1, 0.3, 0.9])
    errors = np.array([True, False, False, True])
    coverage, risk = risk_coverage(u, errors)
    np.testing.assert_allclose(coverage, [1 / 4, 3 / 4, 1])
    np.testing.assert_allclose(risk, [0, 1 / 3, 1 / 2])


@given(st.integers(1, 40), st.integers(0, 2**31))
def test_risk_coverage_ends_at_the_error_rate_and_ignores_the_order_of_rows(rows: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    u, errors, order = draw.integers(0, 4, rows) / 3, draw.random(rows) < 0.4, draw.permutation(rows)
    coverage, risk = risk_coverage(u, errors)
    assert coverage[-1] == 1
    assert risk[-1] == pytest.approx(errors.mean())
    np.testing.assert_allclose(risk_coverage(u[order], errors[order]), (coverage, risk))


def test_aurc_by_hand() -> None:
    assert aurc(*PLAIN) == pytest.approx(straight_lines([0, 1 / 2, 1 / 3, 1 / 2]))
    assert aurc(*PLAIN) == pytest.approx(13 / 48)


def test_aurc_by_hand_goes_straight_across_a_tie() -> None:
    # Risks 0, 1/3, 1/2 at coverages 1/4, 3/4, 1.
    assert aurc(*TIED) == pytest.approx(1 / 2 * (1 / 3) / 2 + 1 / 4 * (1 / 3 + 1 / 2) / 2)


@given(st.integers(4, 40), st.integers(1, 39), st.integers(0, 2**31))
def test_aurc_without_ties_is_the_trapezoid_over_rows(rows: int, wrong: int, seed: int) -> None:
    errors = np.random.default_rng(seed).permutation(np.arange(rows) < wrong)
    risks = [float(errors[: k + 1].mean()) for k in range(rows)]
    assert aurc(np.linspace(0, 1, rows), errors) == pytest.approx(straight_lines(risks))


def test_aurc_of_a_constant_is_the_error_rate() -> None:
    assert aurc(np.zeros(4), PLAIN[1]) == 0.5


def test_e_aurc_subtracts_the_perfect_area() -> None:
    assert e_aurc(*PLAIN) == pytest.approx(13 / 48 - (1 / 2 + 1 / 2 * np.log(1 / 2)))


def test_e_aurc_of_a_perfect_ranking_goes_to_nothing_with_the_rows() -> None:
    errors = np.arange(20_000) >= 15_000
    assert abs(e_aurc(np.linspace(0, 1, 20_000), errors)) < 1e-8
    assert e_aurc(np.linspace(1, 0, 20_000), errors) > 0.3


def test_e_aurc_where_every_prediction_is_wrong_is_nothing() -> None:
    assert e_aurc(np.array([0.1, 0.2]), np.array([True, True])) == 0.0


@given(scored_rows())
def test_augrc_is_the_error_rate_and_auroc_in_other_words(rows: tuple[ndarray, ndarray]) -> None:
    u, errors = rows
    pi = errors.mean()
    assert augrc(u, errors) == pytest.approx(pi**2 / 2 + pi * (1 - pi) * (1 - float(auroc(u, errors))))


def test_augrc_by_hand() -> None:
    assert augrc(*PLAIN) == pytest.approx((0 / 2 + (0 + 1) / 2 + (1 + 1) / 2 + (1 + 2) / 2) / 16)


@given(scored_rows())
def test_prr_is_twice_auroc_minus_one(rows: tuple[ndarray, ndarray]) -> None:
    assert prr(*rows) == pytest.approx(2 * float(auroc(*rows)) - 1)


def test_prr_of_a_perfect_a_reversed_and_a_constant_score() -> None:
    errors = np.array([False, False, False, True, True])
    assert prr(errors.astype(float), errors) == pytest.approx(1)
    assert prr(-errors.astype(float), errors) == pytest.approx(-1)
    assert prr(np.zeros(5), errors) == pytest.approx(0)


@pytest.mark.parametrize("errors", [[True, True], [False, False]])
def test_prr_of_one_kind_of_rows_is_nan(errors: list[bool]) -> None:
    assert np.isnan(prr(np.array([0.1, 0.2]), np.array(errors)))


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        (0.25, 1.0),
        (0.50, 1 - 0.5 / 2),  # half of the tie: half a row of it is wrong
        (0.75, 1 - 1 / 3),
        (0.80, 1 - 1.2 / 3.2),  # 3.2 rows: a fifth of the last one
        (1.00, 0.5),
    ],
)
def test_accuracy_at_coverage_by_hand(coverage: float, expected: float) -> None:
    assert accuracy_at_coverage(*TIED, coverage) == pytest.approx(expected)


def test_accuracy_at_coverage_breaks_ties_as_chance_does_on_average() -> None:
    numbers = np.random.default_rng(0)
    u, errors = numbers.integers(0, 3, 40) / 2, numbers.random(40) < 0.4
    kept = [errors[np.lexsort((numbers.random(40), u))][:32].mean() for _ in range(4000)]
    assert accuracy_at_coverage(u, errors, 0.8) == pytest.approx(1 - np.mean(kept), abs=0.002)


def test_accuracy_at_a_coverage_of_whole_rows_is_that_of_these_rows() -> None:
    errors = np.array([False] * 17 + [True] * 3)
    for coverage, rows in ((0.8, 16), (0.9, 18), (0.95, 19)):
        assert accuracy_at_coverage(np.linspace(0, 1, 20), errors, coverage) == pytest.approx(1 - errors[:rows].mean())
