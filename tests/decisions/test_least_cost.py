"""The thresholds of least cost are those that trying every threshold finds."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adue.decisions.costs import Costs, Escalation
from adue.decisions.least_cost import Chosen, Levels, choose
from adue.decisions.rows import RowCosts, ScoredRows, row_costs
from tests.decisions.cases import make_rows

row = st.tuples(
    st.integers(0, 6), st.sampled_from([False, False, True]), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)
)


def build(cells: list[tuple[int, bool, int, int, int]], *, escalate: bool) -> tuple[ScoredRows, RowCosts]:
    u, held, accept, review, dear = (np.array(column) for column in zip(*cells, strict=True))
    each = RowCosts(accept.astype(float), review.astype(float), dear.astype(float) if escalate else None)
    return make_rows(u / 6, np.zeros(len(u)), held=held), each


@settings(deadline=None)
@given(st.lists(row, min_size=1, max_size=30))
def test_one_threshold_costs_as_little_as_brute_force_finds(cells: list[tuple[int, bool, int, int, int]]) -> None:
    rows, each = build(cells, escalate=False)
    candidates = [None, *sorted(set(rows.u[~rows.held]))]
    totals = [Chosen(one).costs(rows, each).sum() for one in candidates]
    found = choose(Levels.of(rows), each)
    assert found.accept == candidates[int(np.argmin(totals))]
    assert found.costs(rows, each).sum() == min(totals)


@settings(deadline=None)
@given(st.lists(row, min_size=1, max_size=12))
def test_two_thresholds_cost_as_little_as_brute_force_finds(cells: list[tuple[int, bool, int, int, int]]) -> None:
    rows, each = build(cells, escalate=True)
    candidates = [None, *sorted(set(rows.u[~rows.held]))]
    pairs = [Chosen(low, high) for index, low in enumerate(candidates) for high in [None, *candidates[index + 1 :]]]
    best = min(one.costs(rows, each).sum() for one in pairs)
    found = choose(Levels.of(rows), each)
    assert found.costs(rows, each).sum() == best
    assert found.escalate is None or found.accept is None or found.accept < found.escalate


def test_held_rows_are_reviewed_whatever_their_score() -> None:
    rows = make_rows([0.1, 0.1, 0.9], [False, False, False], held=[True, False, False])
    each = RowCosts(np.zeros(3), np.ones(3))
    found = choose(Levels.of(rows), each)
    assert found.accept == 0.9
    assert found.costs(rows, each).tolist() == [1, 0, 0]


def test_all_ties_are_one_decision() -> None:
    rows = make_rows([0.5] * 10, [True] * 2 + [False] * 8)
    cheap, dear = (row_costs(rows, Costs(error=error, review=1)) for error in (4, 6))
    assert choose(Levels.of(rows), cheap).accept == 0.5
    assert choose(Levels.of(rows), dear).accept is None


def test_of_equally_cheap_thresholds_the_strictest_is_taken() -> None:
    rows = make_rows([0.1, 0.2, 0.3], [False] * 3)
    assert choose(Levels.of(rows), RowCosts(np.ones(3), np.ones(3))).accept is None


def test_a_threshold_per_class_accepts_each_class_by_its_own() -> None:
    rows = make_rows([0.1, 0.4, 0.1, 0.4], [False] * 4, predictions=[0, 0, 1, 1])
    accepted, escalated = Chosen(None, by_class=(0.5, 0.2, None)).take(rows)
    assert accepted.tolist() == [True, True, True, False]
    assert not escalated.any()


def test_a_dear_call_is_worth_it_between_sure_and_hopeless() -> None:
    wrong = [False] * 4 + [True] * 4 + [True] * 4
    u = [0.1] * 4 + [0.5] * 4 + [0.9] * 4
    labels = make_rows(u, wrong).labels
    rows = make_rows(u, wrong, escalated=np.where(np.array(u) < 0.9, labels, (labels + 1) % 3))
    costs = Costs(error=10, review=3, escalation=Escalation(column="large", cost=1))
    assert choose(Levels.of(rows), row_costs(rows, costs)) == Chosen(0.1, 0.5)
