"""`adue policy set`: one option of a plan becomes the policy beside the head."""

from datetime import date
from pathlib import Path

from adue.decisions.costs import Costs
from adue.decisions.outcomes import OptionName, Plan
from adue.decisions.policy import BoundTo, Policy, Thresholds, Validity
from adue.foundation.errors import DataError
from adue.foundation.result import Result
from adue.models.engine import engine_of
from adue.models.folder.file_names import POLICY_FILE
from adue.models.model import AdueModel
from adue.models.policy_files import save_policy
from adue.workflows.inputs import head_folder
from adue.workflows.options import DataOptions, ModelOptions, Progress, no_head, no_progress
from adue.workflows.policy.asked import Asked
from adue.workflows.policy.plan import PlanResult, plan


class SetResult(Result):
    """The policy, where it lies, and the plan that it was chosen from."""

    path: str
    policy: Policy
    plan: PlanResult


def set_policy(
    adapter: str | Path,
    data: str | Path,
    costs: Costs,
    *,
    option: OptionName,
    owner: str,
    valid: Validity,
    today: date | None = None,
    asked: Asked | None = None,
    model_options: ModelOptions | None = None,
    data_options: DataOptions | None = None,
    progress: Progress = no_progress,
) -> SetResult:
    """Plan on `data`, and save `option` as the next version of the policy in the adapter's folder.

    Raises
    ------
    AdueError
        When the plan cannot be made, the option's promise was refused, or `valid` has ended; nothing is written then.
    """
    folder, day = head_folder(adapter, None), today or date.today()  # noqa: DTZ011 - the day where the user is
    if valid.until < day:
        raise DataError(f"--until {valid.until} has passed; give a day from {day} on")
    options = model_options or ModelOptions()
    model, _ = options.load_fitted(adapter)
    found = plan(
        adapter,
        data,
        costs,
        model=model,
        asked=asked,
        model_options=options,
        data_options=data_options,
        progress=progress,
    )
    policy = choose(found.plan, option, model=model, costs=costs, owner=owner, valid=valid, made_on=day)
    return SetResult(path=str(folder / POLICY_FILE), policy=save_policy(policy, folder), plan=found)


def choose(
    made: Plan, option: OptionName, *, model: AdueModel, costs: Costs, owner: str, valid: Validity, made_on: date
) -> Policy:
    """Return the policy of one option of a plan, bound to `model`; not sealed yet.

    Raises
    ------
    DataError
        When the promise of the option was refused, or was made per class.
    """
    chosen = made.outcome(option)
    if chosen.refusal is not None:
        raise DataError(
            f"{option} cannot be promised: {chosen.refusal.reason}; choose another option, a higher --limit, or give "
            "more labelled rows"
        )
    if chosen.by_class:
        raise DataError(f"{option} was promised per class, which a policy cannot hold yet; leave --per-class out")
    if model.fitted is None:
        raise no_head("the classifier")
    return Policy(
        version=1,
        option=option,
        bound_to=BoundTo(
            adapter_sha256=model.origin.sha256,
            head_sha256=model.fitted.config.head_sha256,
            engine=engine_of(model),
        ),
        costs=costs,
        # All of U lies in [0, 1]; on new rows it may be higher than on any of these.
        thresholds=Thresholds(
            accept=1.0 if option == "accept-all" else chosen.threshold,
            escalate=chosen.escalate,
            always_review=costs.always_review,
        ),
        promise=chosen.certified,
        valid=valid,
        owner=owner,
        made_on=made_on,
        chosen=chosen,
        accept_all=made.outcome("accept-all"),
        review_all=made.outcome("review-all"),
        classes=made.classes if option == made.cheapest else (),
        queue=made.queue.get(option),
    )
