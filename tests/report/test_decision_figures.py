"""The numbers of a decision add up to 1,000, and are those of the outcome that they come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adue.foundation.errors import DataError
from adue.report.decision_figures import apportion, plan_figures, policy_figures
from tests.support.decisions import COSTS, make_plan, make_policy, make_scored_rows


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=5).filter(sum))
def test_counts_of_1000_add_up_and_are_at_most_one_off(counts: list[int]) -> None:
    found = apportion(counts)
    assert sum(found) == 1000
    for count, share in zip(counts, found, strict=True):
        assert abs(share - 1000 * count / sum(counts)) < 1


def test_nothing_cannot_be_divided() -> None:
    with pytest.raises(DataError, match="no labelled rows to count"):
        apportion([0, 0])


def test_the_figures_are_those_of_the_outcome() -> None:
    plan = make_plan(make_scored_rows())
    for one in plan.outcomes:
        found = plan_figures(plan, COSTS, one.option)
        assert found.right + found.wrong + found.escalated + found.people == 1000
        assert found.people == pytest.approx(one.reviewed, abs=1)
        assert found.wrong == pytest.approx(one.wrong, abs=1)
        assert found.sums.chosen == pytest.approx(one.cost.value, abs=0.51)
        assert found.sums.review_all == pytest.approx(plan.outcome("review-all").cost.value, abs=0.51)
        assert (found.promise is None) == (one.certified is None)


def test_a_policy_and_its_plan_have_the_same_figures() -> None:
    plan = make_plan(make_scored_rows())
    assert policy_figures(make_policy("errors-let-through")) == plan_figures(plan, COSTS, "errors-let-through")


def test_a_bound_is_rounded_up() -> None:
    policy = make_policy("review-share")
    assert policy.promise is not None
    promised = policy_figures(policy).promise
    assert promised is not None
    assert promised.bound >= 1000 * policy.promise.bound - 1e-6 > promised.bound - 1
