"""Labelled rows with saturated scores, and plans and policies made of them by plain counting."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy import ndarray
from scipy.stats import binomtest

from adue.decisions.costs import Costs, Reviewers
from adue.decisions.engine import Engine
from adue.decisions.outcomes import ClassOutcome, Interval, OptionName, Outcome, Plan, QueueForecast
from adue.decisions.policy import BoundTo, Policy, Thresholds, Validity
from adue.decisions.promise import Certified, Promise, PromiseKind, Refusal
from adue.decisions.rows import ScoredRows, row_costs

CLASSES = ("delivery", "invoice", "refund")
COSTS = Costs(error=20, review=1, texts_per_month=20_000, reviewers=Reviewers(per_day=600))
PROMISES: dict[PromiseKind, Promise] = {
    "errors-let-through": Promise(kind="errors-let-through", limit=0.05),
    "accepted-error": Promise(kind="accepted-error", limit=0.05),
    "review-share": Promise(kind="review-share", limit=0.3),
}


def make_scored_rows(rows: int = 1000, *, seed: int = 0, classes: Sequence[str] = CLASSES) -> ScoredRows:
    """Return rows of which about one answer in seven is wrong; most scores lie near 0, and many are equal."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(rows) < 0.15
    u = np.round(1 / (1 + np.exp(5.5 - 3 * wrong - 2 * rng.normal(size=rows))), 4)
    labels = rng.integers(0, len(classes), rows)
    predictions = np.where(wrong, (labels + 1) % len(classes), labels)
    return ScoredRows(u, predictions, labels, tuple(classes), rng.random(rows) < 0.02)


def make_outcome(rows: ScoredRows, costs: Costs, option: OptionName, threshold: float | None) -> Outcome:
    """Return what comes of accepting up to `threshold`, with intervals over 100 draws."""
    accepted = ~rows.held if option == "accept-all" else rows.accepted(threshold)
    wrong, paid = rows.wrong & accepted, row_costs(rows, costs)
    cost = 1000 * np.where(accepted, paid.accept, paid.review)
    draws = np.random.default_rng(1).integers(0, len(rows), (100, len(rows)))
    months = (costs.texts_per_month or 0) / 1000
    per_month = _interval(cost * months, draws) if costs.texts_per_month else None
    error = None
    if accepted.any():
        shares = [wrong[draw].sum() / max(1, accepted[draw].sum()) for draw in draws]
        error = Interval(value=wrong.sum() / accepted.sum(), low=min(shares), high=max(shares))
    return Outcome(
        option=option,
        threshold=threshold,
        rows=len(rows),
        accepted=int(accepted.sum()),
        wrong=int(wrong.sum()),
        coverage=_interval(accepted, draws),
        accepted_error=error,
        cost=_interval(cost, draws),
        cost_per_month=per_month,
    )


def make_plan(rows: ScoredRows, costs: Costs = COSTS) -> Plan:
    """Return the options side by side; thresholds of promises are the widest ones that a count allows."""
    candidates = [None, *np.unique(rows.u[~rows.held]).tolist()]
    outcomes = [make_outcome(rows, costs, "accept-all", None), make_outcome(rows, costs, "review-all", None)]
    paid = row_costs(rows, costs)
    totals = [np.where(rows.accepted(one), paid.accept, paid.review).sum() for one in candidates]
    outcomes.append(make_outcome(rows, costs, "least-cost", candidates[int(np.argmin(totals))]))
    for kind, promise in PROMISES.items():
        passing = [one for one in candidates if _bound(rows, one, promise) is not None]
        # The share that people read falls with the threshold: the lowest that passes leaves them all they can read.
        threshold = None if not passing else passing[0 if kind == "review-share" else -1]
        outcome = make_outcome(rows, costs, kind, threshold)
        outcomes.append(outcome.model_copy(update=_tried(rows, threshold, promise)))
    cheapest = min(outcomes, key=lambda one: one.cost.value).option
    return Plan(
        rows=len(rows),
        errors=int(rows.wrong.sum()),
        held=int(rows.held.sum()),
        currency=costs.currency,
        outcomes=tuple(outcomes),
        cheapest=cheapest,
        break_even=0.05,
        classes=_classes(rows, next(one for one in outcomes if one.option == cheapest).threshold),
        queue={one.option: _queue(one, costs) for one in outcomes} if costs.reviewers else {},
    )


def make_policy(option: OptionName = "least-cost", *, costs: Costs = COSTS, rows: int = 1000, **changes: Any) -> Policy:
    """Return a sealed policy for one option of `make_plan`."""
    scored = make_scored_rows(rows)
    plan = make_plan(scored, costs)
    chosen = plan.outcome(option)
    values: dict[str, Any] = {
        "version": 3,
        "option": option,
        "bound_to": BoundTo(
            adapter_sha256="a" * 64,
            head_sha256="b" * 64,
            engine=Engine(backend="torch", dtype="float32", max_length=128),
        ),
        "costs": costs,
        "thresholds": Thresholds(accept=chosen.threshold),
        "promise": chosen.certified,
        "valid": Validity(until=date(2027, 5, 31), max_rows=50_000),
        "owner": "A. Sato",
        "made_on": date(2026, 12, 1),
        "chosen": chosen,
        "accept_all": plan.outcome("accept-all"),
        "review_all": plan.outcome("review-all"),
        "classes": plan.classes,
        "queue": plan.queue.get(option),
    }
    return Policy(**(values | changes)).seal()


def _interval(values: ndarray, draws: ndarray) -> Interval:
    means = values[draws].mean(axis=1)
    return Interval(value=values.mean(), low=means.min(), high=means.max())


def _bound(rows: ScoredRows, threshold: float | None, promise: Promise) -> float | None:
    """Return the bound where the promise could be shown, counting as if only this threshold were tried."""
    accepted = rows.accepted(threshold)
    wrong, answered = int((accepted & rows.wrong).sum()), int(accepted.sum())
    of = len(rows) if promise.kind == "errors-let-through" else answered
    if of == 0:
        return None
    bound = float(binomtest(wrong, of, alternative="less").proportion_ci(promise.confidence).high)
    if promise.kind == "review-share":
        return bound if 1 - answered / len(rows) <= promise.limit else None
    return bound if bound <= promise.limit else None


def _tried(rows: ScoredRows, threshold: float | None, promise: Promise) -> dict[str, Certified | Refusal]:
    if threshold is None:
        return {"refusal": Refusal(promise=promise, reason="too few rows", rows=len(rows))}
    accepted = rows.accepted(threshold)
    bound = _bound(rows, threshold, promise)
    assert bound is not None
    certified = Certified(
        promise=promise,
        threshold=threshold,
        rows=len(rows),
        accepted=int(accepted.sum()),
        wrong=int((accepted & rows.wrong).sum()),
        bound=bound,
    )
    return {"certified": certified}


def _classes(rows: ScoredRows, threshold: float | None) -> tuple[ClassOutcome, ...]:
    accepted = rows.accepted(threshold)
    found = []
    for index, name in enumerate(rows.class_names):
        mine = rows.predictions == index
        answered, wrong = int((mine & accepted).sum()), int((mine & accepted & rows.wrong).sum())
        bound = float(binomtest(wrong, answered, alternative="less").proportion_ci().high) if answered else None
        found.append(ClassOutcome(name=name, rows=int(mine.sum()), accepted=answered, wrong=wrong, bound=bound))
    return tuple(found)


def _queue(outcome: Outcome, costs: Costs) -> QueueForecast:
    assert costs.reviewers is not None
    working_days = 365.25 / 12 / 7 * costs.reviewers.working_days
    per_day = outcome.reviewed / outcome.rows * (costs.texts_per_month or 0) / working_days
    load = per_day / costs.reviewers.per_day
    too_many = max(0.0, (per_day - costs.reviewers.per_day) * working_days)
    return QueueForecast(
        per_day=per_day,
        load=load,
        planned=load <= 0.85,
        backlog=None if load >= 1 else per_day * load,
        growth_per_month=too_many,
    )
