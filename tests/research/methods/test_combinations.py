import sys
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from adue.foundation.errors import DataError, MissingExtraError
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.metrics import auroc
from adue.research.methods.adue import ADUE_METHODS
from adue.research.methods.combinations import (
    COMBINATION_METHODS,
    Calibrator,
    fit_beta,
    fit_isotonic,
    fit_log_odds_temperature,
)
from adue.research.methods.method import FitRows, ScoreRows
from tests.research.methods.learnable import (
    always_right,
    auroc_of,
    fit_rows,
    new_rows,
    u_of,
    unlabelled,
    without_errors,
)

BY_NAME = {method.name: method for method in (*ADUE_METHODS, *COMBINATION_METHODS)}
CALIBRATED = ("adue-isotonic", "adue-beta", "adue-temperature")
CALIBRATIONS = (fit_isotonic, fit_beta, fit_log_odds_temperature)
Fit = Callable[[np.ndarray, np.ndarray], Calibrator]


@pytest.fixture(scope="module")
def rows() -> FitRows:
    """One object for all tests of this file, so that its paper head is fitted once."""
    return fit_rows()


def log_loss(u: np.ndarray, errors: np.ndarray) -> float:
    return float(-np.log(np.where(errors, u, 1 - u)).mean())


@pytest.mark.parametrize("name", CALIBRATED)
def test_calibration_keeps_the_ranking_and_lessens_the_loss(name: str, rows: FitRows) -> None:
    paper, calibrated = (u_of(BY_NAME[method], rows) for method in ("adue-paper", name))
    errors = new_rows(rows).errors.numpy()
    assert auroc(calibrated, errors) == pytest.approx(float(auroc(paper, errors)), abs=1e-12)
    assert log_loss(calibrated, errors) < log_loss(paper, errors)
    assert ((calibrated > 0) & (calibrated < 1)).all()


@pytest.mark.parametrize("name", CALIBRATED)
def test_calibration_learns_from_the_calibration_rows_alone(name: str, rows: FitRows) -> None:
    # The same head, and other rows to calibrate on.
    other = replace(rows, calibration=rows.selection)
    assert not np.allclose(u_of(BY_NAME[name], rows), u_of(BY_NAME[name], other))
    np.testing.assert_array_equal(u_of(BY_NAME["adue-paper"], rows), u_of(BY_NAME["adue-paper"], other))


@pytest.mark.parametrize("name", CALIBRATED)
def test_calibration_rows_without_errors_are_refused(name: str, rows: FitRows) -> None:
    with pytest.raises(DataError, match="undefined on the calibration data: no prediction is wrong in 202 rows"):
        BY_NAME[name].fit(replace(rows, calibration=always_right(rows.calibration)))


@pytest.mark.parametrize("fit", CALIBRATIONS)
def test_a_calibrated_u_is_the_share_of_errors(fit: Fit) -> None:
    # Errors are half as likely as u says (after its log-odds are halved, for the temperature has no offset).
    draws = np.random.default_rng(0)
    true = draws.uniform(0.02, 0.98, 20_000)
    u = true**2 / (true**2 + (1 - true) ** 2)
    calibrate = fit(u, draws.random(20_000) < true)
    np.testing.assert_allclose(calibrate(u), true, atol=0.06)


@pytest.mark.parametrize("fit", CALIBRATIONS)
def test_calibration_orders_rows_as_u_does(fit: Fit) -> None:
    draws = np.random.default_rng(0)
    u = np.sort(draws.uniform(0.01, 0.99, 300))
    calibrated = fit(u, draws.random(300) < u)(u)
    assert (np.diff(calibrated) > 0).all()


def test_beta_calibration_leaves_the_filters_of_warnings_alone() -> None:
    before = list(warnings.filters)
    fit_beta(np.array([0.1, 0.4, 0.6, 0.9]), np.array([False, True, False, True]))
    assert list(warnings.filters) == before


def test_beta_calibration_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "betacal", None)
    with pytest.raises(MissingExtraError, match=r'needs the package betacal; run pip install "adue\[benchmark\]"'):
        fit_beta(np.array([0.1, 0.9]), np.array([False, True]))


def outliers(given: FeatureSet, head: AdueHead) -> FeatureSet:
    """Every fifth row moved far out, where neither the classifier nor copies of its head see it, and made wrong."""
    far = torch.arange(len(given)) % 5 == 0
    away = torch.randn(given.features.shape, generator=torch.Generator().manual_seed(len(given)))
    seen = head.out_weight.detach()
    away -= away @ torch.linalg.pinv(seen) @ seen
    labels = torch.where(far, (given.predictions + 1) % given.num_labels, given.predictions)
    return replace(given, features=given.features + 60 * far.unsqueeze(-1) * away, labels=labels)


def test_a_distance_helps_where_u_does_not_know() -> None:
    rows = fit_rows()
    moved = replace(rows, selection=outliers(rows.selection, rows.classifier_head))
    test = outliers(new_rows(rows), rows.classifier_head)
    alone, with_distance = (
        float(auroc(u_of(BY_NAME[name], moved, test), test.errors.numpy())) for name in ("adue-paper", "adue-distance")
    )
    assert with_distance > max(0.8, alone + 0.1)


def test_u_with_a_distance_ranks_errors_that_u_can_learn(rows: FitRows) -> None:
    assert auroc_of(BY_NAME["adue-distance"], rows) > 0.55


ADAPTERS = 3


@pytest.fixture(scope="module")
def ensemble(rows: FitRows) -> FitRows:
    members = tuple(fit_rows(adapter=adapter, seed=adapter) for adapter in range(1, ADAPTERS))
    return replace(rows, members=members)


def seen_by_all(ensemble: FitRows) -> ScoreRows:
    members = tuple(unlabelled(new_rows(member, adapter)) for adapter, member in enumerate(ensemble.members, start=1))
    return ScoreRows(unlabelled(new_rows(ensemble)), members=members)


def test_the_ensemble_is_the_mean_of_every_adapter_s_own_paper_head(ensemble: FitRows) -> None:
    given = seen_by_all(ensemble)
    paper = BY_NAME["adue-paper"]
    each = [
        paper.fit(fitted)(ScoreRows(seen))
        for fitted, seen in zip((ensemble, *ensemble.members), (given.rows, *given.members), strict=True)
    ]
    u = BY_NAME["adue-ensemble"].fit(ensemble)(given)
    np.testing.assert_allclose(u.numpy(), torch.stack(each).mean(dim=0).numpy(), rtol=1e-6)


def test_the_ensemble_ranks_better_than_chance(ensemble: FitRows) -> None:
    u = BY_NAME["adue-ensemble"].fit(ensemble)(seen_by_all(ensemble)).numpy()
    assert auroc(u, new_rows(ensemble).errors.numpy()) > 0.6


def test_an_ensemble_of_one_is_refused(rows: FitRows) -> None:
    with pytest.raises(DataError, match="needs other adapters of the same task; train some with other seeds"):
        BY_NAME["adue-ensemble"].fit(rows)


def test_rows_that_not_every_adapter_has_seen_are_refused(ensemble: FitRows) -> None:
    scorer = BY_NAME["adue-ensemble"].fit(ensemble)
    given = seen_by_all(ensemble)
    with pytest.raises(DataError, match="fitted with 2 other adapters, the rows to score are seen by 1; extract them"):
        scorer(ScoreRows(given.rows, members=given.members[:1]))


@pytest.mark.parametrize("name", [*CALIBRATED, "adue-distance"])
@pytest.mark.parametrize("part", ["train", "selection"])
def test_rows_without_errors_are_refused(name: str, part: str) -> None:
    with pytest.raises(DataError, match=r"no prediction is wrong in \d+ rows; give more rows"):
        BY_NAME[name].fit(without_errors(part))


def test_what_is_a_probability_and_what_costs_more_than_one_pass() -> None:
    assert [m.name for m in COMBINATION_METHODS if not m.probability] == ["adue-distance"]
    assert [m.name for m in COMBINATION_METHODS if not m.single_pass] == ["adue-ensemble"]
