"""Labelled rows with saturated scores, and plans and policies made of them by plain counting."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from adue.decisions.certify import certify, quantile_grid
from adue.decisions.costs import Costs, Reviewers
from adue.decisions.engine import Engine
from adue.decisions.outcomes import OptionName, Plan
from adue.decisions.plan import make_plan as decide_plan
from adue.decisions.policy import BoundTo, Policy, Thresholds, Validity
from adue.decisions.promise import Promise
from adue.decisions.rows import ScoredRows

CLASSES = ("delivery", "invoice", "refund")
COSTS = Costs(error=20, review=1, texts_per_month=20_000, reviewers=Reviewers(per_day=600))
PROMISES = (
    Promise(kind="errors-let-through", limit=0.05),
    Promise(kind="accepted-error", limit=0.05),
    Promise(kind="review-share", limit=0.3),
)


def make_scored_rows(rows: int = 1000, *, seed: int = 0, classes: Sequence[str] = CLASSES) -> ScoredRows:
    """Return rows of which about one answer in seven is wrong; most scores lie near 0, and many are equal."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(rows) < 0.15
    u = np.round(1 / (1 + np.exp(5.5 - 3 * wrong - 2 * rng.normal(size=rows))), 4)
    labels = rng.integers(0, len(classes), rows)
    predictions = np.where(wrong, (labels + 1) % len(classes), labels)
    return ScoredRows(u, predictions, labels, tuple(classes), rng.random(rows) < 0.02)


def make_plan(rows: ScoredRows, costs: Costs = COSTS) -> Plan:
    """Return the options side by side, with thresholds for promises fixed on other rows."""
    grid = quantile_grid(make_scored_rows(400, seed=9).u)
    certified = [certify(promise, rows, grid) for promise in PROMISES]
    return decide_plan(rows, costs, certified=certified, resamples=100)


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
