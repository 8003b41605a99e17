"""What a plan asks for where nothing else is said."""

import pytest

from adue.decisions.costs import Costs, Reviewers
from adue.workflows.policy.asked import Asked

PLAIN = Costs(error=10, review=1)


def test_the_three_promises_stand_in_their_order() -> None:
    found = Asked().promises(PLAIN)
    assert [(one.kind, one.limit) for one in found] == [
        ("errors-let-through", 0.05),
        ("accepted-error", 0.05),
        ("review-share", 0.3),
    ]


def test_the_share_for_people_is_what_they_can_read_at_the_planned_load() -> None:
    costs = PLAIN.model_copy(update={"texts_per_month": 10_000, "reviewers": Reviewers(per_day=100)})
    share = Asked().promises(costs)[-1].limit
    assert share == pytest.approx(0.85 * 100 * 5 / 7 * (365.25 / 12) / 10_000)
    assert Asked(review_share=0.5).promises(costs)[-1].limit == 0.5


def test_reviewers_who_can_read_everything_set_no_limit() -> None:
    costs = PLAIN.model_copy(update={"texts_per_month": 100, "reviewers": Reviewers(per_day=100)})
    assert Asked().promises(costs)[-1].limit == 0.3


def test_per_class_is_about_errors() -> None:
    assert [one.per_class for one in Asked(per_class=True).promises(PLAIN)] == [True, True, False]
