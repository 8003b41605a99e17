import pytest

from adue.foundation.config import FitSettings
from adue.foundation.errors import DataError
from adue.research.sensitivity.sweep_plan import SweepPlan, Trial, plan_trials, trial_settings
from tests.support.rows import random_head, rows_of

HEAD = random_head()
TRAIN, VALIDATION = rows_of(HEAD, 400, wrong=0.3), rows_of(HEAD, 120, wrong=0.1, seed=1)


def values(plan: SweepPlan, experiment: str) -> list[float]:
    return [trial.value for trial in plan_trials(plan, TRAIN, VALIDATION) if trial.experiment == experiment]


def test_the_values_are_those_of_the_issue() -> None:
    plan = SweepPlan(seeds=1)
    assert {plan.grid.alpha, plan.grid.beta} == {(0, 0.01, 0.1, 1, 10)}
    assert values(plan, "sharpness") == [1, 10, 30, 100, 300, 1000]


def test_errors_and_rows_end_at_all_that_there_are() -> None:
    errors = int(TRAIN.errors.sum())
    assert values(SweepPlan(seeds=1), "errors") == [10, 30, 100, errors]
    assert values(SweepPlan(seeds=1), "validation") == [50, 100, 120]


def test_validation_sets_too_small_for_two_errors_are_left_out() -> None:
    assert values(SweepPlan(seeds=1, validation_rows=(10, 50)), "validation") == [50, 120]


def test_a_log_space_score_is_not_asked_for_a_lambda_that_it_refuses() -> None:
    plan = SweepPlan(seeds=1, settings=FitSettings(score="log_smoothmax"))
    assert values(plan, "sharpness") == [10, 30, 100, 300, 1000]


def test_entropy_has_no_lambda_to_vary() -> None:
    assert values(SweepPlan(seeds=1, settings=FitSettings(score="entropy")), "sharpness") == []


def test_the_default_lambda_is_always_tried() -> None:
    plan = SweepPlan(seeds=1, sharpness=(10,), settings=FitSettings(sharpness=50))
    assert values(plan, "sharpness") == [10, 50]


def test_seeds_count_from_the_one_given_and_more_seeds_only_add() -> None:
    few = plan_trials(SweepPlan(seeds=2, settings=FitSettings(seed=7)), TRAIN, VALIDATION)
    many = plan_trials(SweepPlan(seeds=3, settings=FitSettings(seed=7)), TRAIN, VALIDATION)
    assert {trial.seed for trial in few} == {7, 8}
    assert many[: len(few)] == few


def test_trials_have_names_of_their_own() -> None:
    trials = plan_trials(SweepPlan(seeds=3), TRAIN, VALIDATION)
    assert len({trial.key for trial in trials}) == len(trials)


def test_only_the_lambda_experiment_changes_lambda() -> None:
    plan = SweepPlan(settings=FitSettings(max_epochs=3))
    assert trial_settings(Trial("sharpness", 10.0, 4), plan) == FitSettings(sharpness=10, seed=4, max_epochs=3)
    assert trial_settings(Trial("errors", 10.0, 4), plan) == FitSettings(seed=4, max_epochs=3)


def test_a_number_of_rows_below_one_is_refused() -> None:
    with pytest.raises(DataError, match="SweepPlan: errors"):
        SweepPlan.from_dict({"errors": [0]})
