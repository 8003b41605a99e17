"""`adue policy plan`: the options side by side, from labelled rows and what errors and reviews cost."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from adue.decisions.certify import certify, certify_classes, quantile_grid
from adue.decisions.costs import Costs
from adue.decisions.outcomes import Plan
from adue.decisions.plan import make_plan
from adue.decisions.promise import Certified, Promise, Refusal
from adue.decisions.rows import ScoredRows
from adue.foundation.errors import DataError
from adue.foundation.result import Result
from adue.models.model import AdueModel
from adue.workflows.evaluate import warn_if_seen
from adue.workflows.fit import load_labelled
from adue.workflows.options import DataOptions, ModelOptions, Progress, no_progress
from adue.workflows.policy.asked import Asked
from adue.workflows.policy.score import OtherColumns, Scored, score_labelled
from adue.workflows.policy.scores_file import LogColumns, read_log

GRID_SHARE, GRID_ROWS = 0.2, 200
"""Of the rows, and at most as many, are set aside to fix thresholds where no others are known."""


class PlanResult(Result):
    """The plan, the same rows planned with other scores, and what was decided on the way."""

    adapter: str | None
    """None for scores from a file."""
    data: str
    score: str
    """The name of the score that the plan is about."""
    higher_is_surer: bool = False
    """Whether thresholds are of minus the score: answers go out where the score is at least minus the threshold."""
    plan: Plan
    others: dict[str, Plan] = Field(default_factory=dict)
    """By the name of another score of the same answers."""
    set_aside: int = 0
    """Rows that only fixed thresholds."""
    notes: tuple[str, ...] = ()


def plan(
    adapter: str | Path,
    data: str | Path,
    costs: Costs,
    *,
    model: AdueModel | None = None,
    asked: Asked | None = None,
    columns: OtherColumns | None = None,
    model_options: ModelOptions | None = None,
    data_options: DataOptions | None = None,
    progress: Progress = no_progress,
) -> PlanResult:
    """Score the test split of `data`, or all rows where there are no splits, and plan on them.

    Parameters
    ----------
    adapter
        A classifier with a head.
    model
        What is in `adapter`, where it is loaded already.

    Raises
    ------
    AdueError
        When there is no head, the data cannot be used, the costs do not go with the classes, or no rows are left.
    """
    options = model_options or ModelOptions()
    if model is None:
        model, _ = options.load_fitted(adapter)
    costs.require_classes(list(model.id2label.values()))
    home = load_labelled(model, data, ("test",), data_options)
    rows = home["test"]
    warn_if_seen(model, rows)
    columns = replace(
        columns or OtherColumns(), escalated=None if costs.escalation is None else costs.escalation.column
    )
    scored = score_labelled(
        model, rows, columns=columns, always_review=costs.always_review, options=options, progress=progress
    )
    made, others, set_aside = plan_scored(scored, costs, asked or Asked())
    return PlanResult(
        adapter=str(adapter),
        data=str(data),
        score="U",
        plan=made,
        others=others,
        set_aside=set_aside,
        notes=home.notes,
    )


def plan_log(
    path: str | Path, costs: Costs, *, asked: Asked | None = None, columns: LogColumns | None = None
) -> PlanResult:
    """Plan on a log of any classifier: answer, confidence or another score, and truth; no model is loaded.

    Raises
    ------
    DataError
        When the log cannot be used, or the costs do not go with its classes.
    """
    columns = columns or LogColumns()
    if costs.escalation is not None:
        columns = replace(columns, escalated=costs.escalation.column)
    log = read_log(path, columns, always_review=costs.always_review)
    made, _, set_aside = plan_scored(log.scored, costs, asked or Asked())
    return PlanResult(
        adapter=None,
        data=str(path),
        score=log.score,
        higher_is_surer=log.higher_is_surer,
        plan=made,
        set_aside=set_aside,
        notes=(f"answer read from the column {log.answer}, truth from {log.truth}, score from {log.score}",),
    )


def plan_scored(scored: Scored, costs: Costs, asked: Asked) -> tuple[Plan, dict[str, Plan], int]:
    """Return the plan, that of the same rows under each other score, and how many rows were set aside.

    A fifth of the rows, drawn at random, only fixes the thresholds on which a promise is tried: their labels are not
    looked at, and nothing is measured on them.

    Raises
    ------
    DataError
        When there are no rows, or the costs do not go with the classes.
    """
    kept, apart = _set_aside(len(scored.rows), asked.seed)
    promises, rows = asked.promises(costs), scored.rows.select(kept)

    def plan_with(u: Float[np.ndarray, " rows"]) -> Plan:
        under, grid = replace(rows, u=u[kept]), quantile_grid(u[apart])
        certified = [_certify(promise, under, grid) for promise in promises]
        return make_plan(under, costs, certified=certified, resamples=asked.resamples, seed=asked.seed)

    if not len(rows):
        raise DataError("there are no labelled rows to plan on; give a file or a test split that holds some")
    others = {name: plan_with(u) for name, u in scored.others.items()}
    return plan_with(scored.rows.u), others, len(apart)


def _set_aside(rows: int, seed: int) -> tuple[Int[np.ndarray, " kept"], Int[np.ndarray, " apart"]]:
    """Return which rows are planned on, and which only fix thresholds, drawn at random."""
    apart = min(GRID_ROWS, int(GRID_SHARE * rows))
    order = np.random.default_rng(seed).permutation(rows)
    return np.sort(order[apart:]), np.sort(order[:apart])


def _certify(
    promise: Promise, rows: ScoredRows, grid: Float[np.ndarray, " thresholds"]
) -> Certified | Refusal | tuple[Certified | Refusal, ...]:
    return certify_classes(promise, rows, grid) if promise.per_class else certify(promise, rows, grid)
