"""What the texts for people come to, against what they can read."""

import numpy as np

from adue.decisions.costs import DAYS_PER_MONTH, PLANNED_LOAD, Costs
from adue.decisions.outcomes import QueueForecast

WEEKS = 520
"""Ten years of days are played through: the mean backlog then moves by a few percent from seed to seed."""

WARM_UP = 52
"""Weeks at the beginning that do not count, since the queue begins empty."""


def forecast(review_share: float, costs: Costs, *, seed: int = 0) -> QueueForecast | None:
    """Return what the queue comes to where `review_share` of the texts are for people; None without reviewers.

    Texts arrive on seven days a week by chance (Poisson) and are read on working days, those that came first first, as
    many as the reviewers can read.
    """
    if costs.reviewers is None or costs.texts_per_month is None:
        return None
    people, daily = costs.reviewers, review_share * costs.texts_per_month / DAYS_PER_MONTH
    per_day = daily * 7 / people.working_days
    load = per_day / people.per_day
    surplus = (per_day - people.per_day) * people.working_days / 7 * DAYS_PER_MONTH
    return QueueForecast(
        per_day=per_day,
        load=load,
        planned=load <= PLANNED_LOAD,
        backlog=_mean_backlog(daily, people.per_day, people.working_days, seed) if load < 1 else None,
        growth_per_month=max(surplus, 0.0),
    )


def _mean_backlog(daily: float, capacity: float, working_days: int, seed: int) -> float:
    """Return the mean length of the queue at the end of a working day."""
    arrivals = np.random.default_rng(seed).poisson(daily, size=(WEEKS, 7))
    waiting, ends = 0.0, []
    for week, days in enumerate(arrivals):
        for day, count in enumerate(days):
            waiting += float(count)
            if day < working_days:
                waiting = max(waiting - capacity, 0.0)
                if week >= WARM_UP:
                    ends.append(waiting)
    return float(np.mean(ends))
