"""`adue policy plan`: the options side by side, from labelled rows and what errors and reviews cost."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from adue.datasets import fingerprint
from adue.decisions.certify import quantile_grid
from adue.decisions.costs import Costs
from adue.decisions.outcomes import Plan
from adue.decisions.plan import make_plan
from adue.decisions.policy import BoundTo
from adue.foundation.errors import DataError
from adue.foundation.result import Result
from adue.models.export import OnnxAdueModel
from adue.models.model import AdueModel
from adue.workflows.fit import load_labelled
from adue.workflows.inputs import is_export
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
    plan: Plan
    others: dict[str, Plan] = Field(default_factory=dict)
    """By the name of another score of the same answers."""
    set_aside: int = 0
    """Rows that only fixed thresholds."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Planned:
    """A plan with the rows behind it, and what a policy made from it is bound to."""

    result: PlanResult
    scored: Scored
    costs: Costs
    bound_to: BoundTo | None = None
    data_sha256: str | None = None


def plan(
    adapter: str | Path,
    data: str | Path,
    costs: Costs,
    *,
    asked: Asked | None = None,
    columns: OtherColumns | None = None,
    keep_known: bool = False,
    model_options: ModelOptions | None = None,
    data_options: DataOptions | None = None,
    progress: Progress = no_progress,
) -> Planned:
    """Score the test split of `data`, or all rows where there are no splits, and plan on them.

    Parameters
    ----------
    adapter
        A classifier with a head, or a folder that ``adue export`` wrote.
    keep_known
        Whether rows that the head or the calibrator learned from are kept; else they are left out.

    Raises
    ------
    AdueError
        When there is no head, the data cannot be used, the costs do not go with the classes, or no rows are left.
    """
    options = model_options or ModelOptions()
    model = load_scorer(adapter, options)
    costs.require_classes(list(model.id2label.values()))
    home = load_labelled(model, data, ("test",), data_options)
    rows, notes = leave_out_known(model, home["test"], keep=keep_known)
    columns = replace(
        columns or OtherColumns(), escalated=None if costs.escalation is None else costs.escalation.column
    )
    scored = score_labelled(
        model, rows, columns=columns, always_review=costs.always_review, options=options, progress=progress
    )
    grid = None if model.known_rows is None else model.known_rows.u_quantiles
    made, others, set_aside = plan_scored(scored, costs, asked or Asked(), grid)
    result = PlanResult(
        adapter=str(adapter),
        data=str(data),
        score="U",
        plan=made,
        others=others,
        set_aside=set_aside,
        notes=(*home.notes, *notes),
    )
    return Planned(result, scored, costs, bound_to_of(model), fingerprint(rows))


def plan_log(
    path: str | Path, costs: Costs, *, asked: Asked | None = None, columns: LogColumns | None = None
) -> Planned:
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
    made, _, set_aside = plan_scored(log.scored, costs, asked or Asked(), None)
    sign = ">=" if log.higher_is_surer else "<="
    note = (
        f"answer read from {log.answer}, truth from {log.truth}; answers go out where {log.score} {sign} the threshold"
    )
    result = PlanResult(adapter=None, data=str(path), score=log.score, plan=made, set_aside=set_aside, notes=(note,))
    return Planned(result, log.scored, costs)


def plan_scored(
    scored: Scored, costs: Costs, asked: Asked, grid: Float[np.ndarray, " thresholds"] | None
) -> tuple[Plan, dict[str, Plan], int]:
    """Return the plan, that of the same rows under each other score, and how many rows were set aside.

    Parameters
    ----------
    grid
        Thresholds fixed on other rows; where there are none, some rows are set aside to fix them.
    """
    rows, set_aside = scored.rows, 0
    if not len(rows):
        raise DataError("there are no labelled rows to plan on; give a file or a test split that holds some")
    if grid is None:
        kept, apart = _set_aside(len(rows), asked.seed)
        grid, set_aside = quantile_grid(rows.u[apart]), len(apart)
        rows = rows.select(kept)
        scored = Scored(rows, {name: u[kept] for name, u in scored.others.items()})
    promises = asked.promises(costs)
    certified = [_certify(promise, rows, grid) for promise in promises]
    made = make_plan(rows, costs, certified=certified, resamples=asked.resamples, seed=asked.seed)
    # No thresholds were fixed for these scores, and on these very rows none can be.
    free = [promise for promise in promises if promise.kind != "accepted-error"]
    others = {}
    for name, u in scored.others.items():
        under = replace(rows, u=u)
        results = [_certify(promise, under, None) for promise in free]
        others[name] = make_plan(under, costs, certified=results, resamples=asked.resamples, seed=asked.seed)
    return made, others, set_aside


def _set_aside(rows: int, seed: int) -> tuple[Int[np.ndarray, " kept"], Int[np.ndarray, " apart"]]:
    """Return which rows are planned on, and which only fix thresholds, drawn at random."""
    apart = min(GRID_ROWS, int(GRID_SHARE * rows))
    order = np.random.default_rng(seed).permutation(rows)
    return np.sort(order[apart:]), np.sort(order[:apart])


def _certify(
    promise: Promise, rows: ScoredRows, grid: Float[np.ndarray, " thresholds"] | None
) -> Certified | Refusal | tuple[Certified | Refusal, ...]:
    return certify_classes(promise, rows, grid) if promise.per_class else certify(promise, rows, grid)


def load_scorer(adapter: str | Path, options: ModelOptions) -> AdueModel | OnnxAdueModel:
    """Return the classifier with its head in a folder, or what ``adue export`` wrote there.

    Raises
    ------
    AdueError
        When there is no head, or it cannot be loaded.
    """
    if is_export(adapter):
        return OnnxAdueModel.from_pretrained(Path(adapter).expanduser(), check_answers=options.check_answers)
    return options.load_fitted(adapter)[0]
