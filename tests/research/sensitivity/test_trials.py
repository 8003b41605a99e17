import numpy as np
import pytest
import torch

from adue.foundation.config import FitSettings, Grid
from adue.heads.head import AdueHead
from adue.metrics import auroc
from adue.research.sensitivity.sweep_plan import SweepPlan, Trial
from adue.research.sensitivity.trials import fewer_errors, fewer_rows, interval_of_gain, measure_head, run_trial
from tests.support.rows import random_head, rows_of

HEAD = random_head()
TRAIN, VALIDATION = rows_of(HEAD, 400), rows_of(HEAD, 200, wrong=0.2, seed=1)
PLAN = SweepPlan(
    grid=Grid(learning_rate=(1e-2,), alpha=(0, 1), beta=(0, 1)),
    curve_grid=Grid(learning_rate=(1e-2,), alpha=(0.1,), beta=(0.1, 1)),
    settings=FitSettings(max_epochs=2),
)


def test_errors_are_thinned_and_right_rows_are_not() -> None:
    thinned = fewer_errors(Trial("errors", 20.0, 0), TRAIN)
    assert int(thinned.errors.sum()) == 20
    assert int((~thinned.errors).sum()) == int((~TRAIN.errors).sum())


def test_thinned_errors_keep_the_shares_of_their_classes() -> None:
    thinned = fewer_errors(Trial("errors", 60.0, 0), TRAIN)
    shares = [torch.bincount(r.labels[r.errors], minlength=3) / r.errors.sum() for r in (TRAIN, thinned)]  # type: ignore[index]
    np.testing.assert_allclose(shares[0], shares[1], atol=0.02)


def test_every_seed_draws_other_errors_and_the_same_seed_the_same() -> None:
    drawn = [fewer_errors(Trial("errors", 20.0, seed), TRAIN).features for seed in (0, 0, 1)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_validation_rows_keep_their_share_of_errors() -> None:
    fewer = fewer_rows(Trial("validation", 50.0, 0), VALIDATION)
    assert (len(fewer), int(fewer.errors.sum())) == (50, 10)


def test_all_rows_are_the_rows_themselves() -> None:
    assert torch.equal(fewer_rows(Trial("validation", 200.0, 3), VALIDATION).features, VALIDATION.features)
    everything = float(TRAIN.errors.sum())
    assert torch.equal(fewer_errors(Trial("errors", everything, 3), TRAIN).features, TRAIN.features)


@pytest.mark.parametrize("experiment", ["grid", "sharpness"])
def test_other_experiments_use_all_rows(experiment: str) -> None:
    trial = Trial(experiment, 100.0, 0)  # type: ignore[arg-type]
    assert fewer_errors(trial, TRAIN) is TRAIN
    assert fewer_rows(trial, VALIDATION) is VALIDATION


def test_the_grid_keeps_all_heads_and_a_curve_the_best_on_validation() -> None:
    grid = run_trial(Trial("grid", 100.0, 0), PLAN, TRAIN, VALIDATION, HEAD)
    curve = run_trial(Trial("errors", 30.0, 0), PLAN, TRAIN, VALIDATION, HEAD)
    assert (len(grid.lines), len(grid.weights["out_weight"])) == (4, 4)
    assert (len(curve.lines), len(curve.weights["out_weight"])) == (2, 1)
    best = curve.lines["validation_auroc"].idxmax()
    assert curve.lines["chosen"].tolist() == [index == best for index in curve.lines.index]


def test_the_kept_head_has_the_auroc_of_its_line() -> None:
    result = run_trial(Trial("validation", 100.0, 1), PLAN, TRAIN, VALIDATION, HEAD)
    weights = {name: stacked[0] for name, stacked in result.weights.items()}
    rows = fewer_rows(Trial("validation", 100.0, 1), VALIDATION)
    (line,) = result.lines[result.lines["chosen"]].to_dict("records")
    head = AdueHead.from_weights(HEAD.shape, weights)
    assert measure_head(head, rows) == pytest.approx(line["validation_auroc"], abs=1e-4)
    assert line["validation_gain_low"] <= line["validation_gain_high"]
    assert (line["validation_rows"], line["train_errors"]) == (100, int(TRAIN.errors.sum()))


def test_the_softmax_response_of_a_line_is_measured_on_the_rows_of_the_choice() -> None:
    result = run_trial(Trial("validation", 50.0, 0), PLAN, TRAIN, VALIDATION, HEAD)
    rows = fewer_rows(Trial("validation", 50.0, 0), VALIDATION)
    u = 1 - rows.logits.double().softmax(dim=-1).amax(dim=-1).numpy()
    assert result.lines["validation_softmax_response"].iloc[0] == pytest.approx(float(auroc(u, rows.errors.numpy())))


def test_the_classifiers_own_head_gains_nothing() -> None:
    low, high = interval_of_gain(AdueHead.from_weights(HEAD.shape, HEAD.state_dict(), sharpness=1e4), VALIDATION)
    assert low == pytest.approx(0, abs=0.01)
    assert high == pytest.approx(0, abs=0.01)
