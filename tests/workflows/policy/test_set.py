"""`adue policy set` saves one option of the plan, bound to what it was set on; what cannot be kept is not saved."""

from datetime import date
from pathlib import Path

import pytest

from adue import AdueModel, DataError
from adue.decisions.costs import Costs
from adue.decisions.outcomes import OptionName
from adue.decisions.policy import Validity
from adue.models.policy_files import load_policy
from adue.workflows.options import ModelOptions
from adue.workflows.policy.asked import Asked
from adue.workflows.policy.set import SetResult, set_policy
from tests.support.workspace import Workspace

COSTS = Costs(error=10, review=1)
TODAY = date(2026, 12, 1)
VALID = Validity(until=date(2027, 5, 31))


@pytest.fixture
def own(fitted: Workspace, tmp_path: Path) -> Workspace:
    """A workspace of the test's own, with a head."""
    return fitted.copy(tmp_path)


def set_option(
    space: Workspace, option: OptionName, *, limit: float = 0.3, per_class: bool = False, valid: Validity = VALID
) -> SetResult:
    return set_policy(
        space.adapter,
        space.data,
        COSTS,
        option=option,
        owner="A. Sato",
        valid=valid,
        today=TODAY,
        asked=Asked(limit=limit, per_class=per_class, resamples=100),
        model_options=ModelOptions(use_cache=False),
    )


def test_the_policy_is_the_option_of_the_plan_bound_to_adapter_head_and_engine(own: Workspace) -> None:
    result = set_option(own, "errors-let-through")
    policy, chosen = load_policy(own.adapter), result.plan.plan.outcome("errors-let-through")
    assert policy == result.policy
    assert (policy.thresholds.accept, policy.promise, policy.chosen) == (chosen.threshold, chosen.certified, chosen)
    model = AdueModel.from_pretrained(own.adapter)
    assert model.fitted is not None
    assert policy.bound_to.adapter_sha256 == model.origin.sha256
    assert policy.bound_to.head_sha256 == model.fitted.config.head_sha256
    engine = policy.bound_to.engine
    assert (engine.backend, engine.dtype, engine.merged) == ("torch", "float32", False)
    assert engine.max_length == model.classifier.max_length
    assert (policy.owner, policy.made_on, policy.valid) == ("A. Sato", TODAY, VALID)
    again = set_option(own, "review-all")
    assert again.policy.version == policy.version + 1
    assert again.policy.thresholds.accept is None


def test_accepting_all_accepts_every_u_there_can_be(own: Workspace) -> None:
    assert set_option(own, "accept-all").policy.thresholds.accept == 1.0


def test_a_promise_per_class_is_refused_where_it_would_become_a_policy_that_answers_nothing(own: Workspace) -> None:
    with pytest.raises(DataError, match=r"errors-let-through was promised per class, .*; leave --per-class out"):
        set_option(own, "errors-let-through", per_class=True)
    assert not (own.adapter / "adue_policy.yaml").exists()


def test_a_refused_promise_or_a_day_that_has_passed_writes_nothing(own: Workspace) -> None:
    before = [path.name for path in sorted(own.adapter.iterdir())]
    with pytest.raises(DataError, match=r"accepted-error cannot be promised: .*; choose another option"):
        set_option(own, "accepted-error", limit=0.01)
    with pytest.raises(DataError, match="--until 2026-11-30 has passed; give a day from 2026-12-01 on"):
        set_option(own, "least-cost", valid=Validity(until=date(2026, 11, 30)))
    assert [path.name for path in sorted(own.adapter.iterdir())] == before
