"""Which answers go out at a threshold, and what each row costs by what is done with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adue.decisions.costs import Costs, Escalation, Reviewers
from adue.decisions.rows import ScoredRows, row_costs
from adue.foundation.errors import DataError


def make_rows(u: list[float], predictions: list[int], labels: list[int], **more: object) -> ScoredRows:
    held = more.pop("held", [False] * len(u))
    return ScoredRows(
        np.array(u, dtype=float),
        np.array(predictions),
        np.array(labels),
        ("keep", "other", "refund"),
        np.array(held, dtype=bool),
        **more,  # type: ignore[arg-type]
    )


def test_a_row_with_the_very_threshold_is_accepted_and_a_held_one_never() -> None:
    rows = make_rows([0.1, 0.2, 0.2, 0.3], [0, 1, 2, 0], [0, 1, 2, 0], held=[False, False, True, False])
    assert rows.accepted(0.2).tolist() == [True, True, False, False]
    assert not rows.accepted(None).any()
    assert not rows.accepted(0.0999).any()


def test_every_answer_to_a_row_that_no_class_fits_is_wrong() -> None:
    assert make_rows([0.1, 0.1], [0, 2], [-1, 2]).wrong.tolist() == [True, False]


def test_accepting_costs_the_error_and_reviewing_the_review_and_what_reviewers_get_wrong() -> None:
    costs = Costs(
        error=((0.0, 2.0, 4.0), (6.0, 0.0, 8.0), (10.0, 20.0, 0.0)),
        review=1.0,
        needless_review=0.5,
        reviewers=Reviewers(per_day=10, error_rate=0.1),
    )
    found = row_costs(make_rows([0.1] * 4, [0, 0, 1, 2], [0, 1, 2, -1]), costs)
    np.testing.assert_allclose(found.accept, [0, 6, 20, 8])
    # Where no class fits, each of the three answers costs its dearest error: 10, 20 and 8.
    np.testing.assert_allclose(found.review, [1 + 0.5 + 0.1 * 3, 1 + 0.1 * 7, 1 + 0.1 * 15, 1 + 0.1 * 38 / 3])
    assert found.escalate is None


def test_escalating_costs_the_call_and_the_errors_of_the_dearer_model() -> None:
    costs = Costs(error=10, miss={"refund": 90}, review=1, escalation=Escalation(column="large", cost=0.25))
    rows = make_rows([0.1, 0.2, 0.3], [0, 0, 0], [0, 1, 2], escalated=np.array([0, 1, 1]))
    found = row_costs(rows, costs)
    assert found.escalate is not None
    np.testing.assert_allclose(found.escalate, [0.25, 0.25, 90.25])


@given(
    error=st.floats(0.01, 100),
    review=st.floats(0, 10),
    error_rate=st.floats(0, 1),
    p_error=st.floats(0, 1),
)
def test_reviewing_pays_where_p_error_exceeds_review_over_error_plus_the_reviewers_own_rate(
    error: float, review: float, error_rate: float, p_error: float
) -> None:
    costs = Costs(error=error, review=review, reviewers=Reviewers(per_day=1, error_rate=error_rate))
    found = row_costs(make_rows([0.1, 0.1], [0, 0], [0, 1]), costs)
    accept, reviewed = ((1 - p_error) * part[0] + p_error * part[1] for part in (found.accept, found.review))
    gap = p_error - (review / error + error_rate)
    assert accept - reviewed == pytest.approx(gap * error, abs=1e-9 * (1 + error + review))


def test_chosen_rows_keep_everything() -> None:
    rows = make_rows([0.1, 0.2, 0.3], [0, 1, 2], [0, 1, 0], escalated=np.array([0, 1, 2]), segments=["a", "b", "c"])
    part = rows.select(np.array([True, False, True]))
    assert (part.u.tolist(), part.segments, len(part)) == ([0.1, 0.3], ["a", "c"], 2)
    assert part.escalated is not None
    assert part.escalated.tolist() == [0, 2]


def test_rows_that_disagree_in_number_or_hold_no_number_are_refused() -> None:
    with pytest.raises(DataError, match="must have one row each, got 2 and 1"):
        make_rows([0.1, 0.2], [0], [0, 1])
    with pytest.raises(DataError, match="NaN or infinite"):
        make_rows([0.1, float("nan")], [0, 1], [0, 1])
