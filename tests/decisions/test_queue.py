"""What is sent to people is compared with what they can read, and what happens beyond is said."""

import pytest

from adue.decisions.costs import Costs, Reviewers
from adue.decisions.queue import forecast


def costs(per_day: float, **more: int) -> Costs:
    return Costs(error=10, review=1, texts_per_month=10_000, reviewers=Reviewers(per_day=per_day, **more))


def test_a_working_day_takes_what_comes_on_days_off() -> None:
    found = forecast(0.3, costs(200))
    assert found is not None
    # 3,000 texts a month are 98.6 a day on seven days, and 138 on each of five.
    assert found.per_day == pytest.approx(3000 / (365.25 / 12) * 7 / 5)
    assert found.load == pytest.approx(found.per_day / 200)
    assert found.planned
    assert found.growth_per_month == 0


def test_the_queue_is_longer_the_nearer_the_load_is_to_all_that_can_be_read() -> None:
    needed = 10_000 * 0.3 / (365.25 / 12)
    backlogs = []
    for load in (0.7, 0.85, 0.95):
        found = forecast(0.3, costs(needed / load, working_days=7))
        assert found is not None
        assert found.load == pytest.approx(load)
        assert found.backlog is not None
        backlogs.append(found.backlog)
    assert backlogs[0] < backlogs[1] < backlogs[2]
    # Working every day, at 70 % of capacity hardly anything is left in the evening.
    assert backlogs[0] < 1


def test_more_than_the_planned_load_is_said() -> None:
    needed = 10_000 * 0.3 / (365.25 / 12) * 7 / 5
    planned, full = (forecast(0.3, costs(needed / load)) for load in (0.84, 0.86))
    assert planned is not None
    assert full is not None
    assert planned.planned
    assert not full.planned


def test_beyond_the_capacity_the_queue_grows_without_end() -> None:
    found = forecast(0.5, costs(100))
    assert found is not None
    assert found.backlog is None
    # 5,000 come in a month, and 100 are read on each of 21.7 working days.
    assert found.growth_per_month == pytest.approx(5000 - 100 * 5 / 7 * 365.25 / 12)


def test_without_reviewers_or_texts_per_month_nothing_is_said() -> None:
    assert forecast(0.5, Costs(error=1, review=1)) is None
    assert forecast(0.5, Costs(error=1, review=1, reviewers=Reviewers(per_day=1))) is None
