from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau
from sklearn.metrics import roc_auc_score

from adue.foundation.config import AutoSettings, FitSettings, Grid, HyperParameters
from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.fit import fit_features
from adue.heads.fitted import FittedHead
from adue.scores.outputs import softmax_response
from tests.support.rows import random_head, rows_of

GRID = Grid(learning_rate=(0.05, 0.005), alpha=(0.1,), beta=(0.01,))
SETTINGS = FitSettings(max_epochs=4, batch_size=32)
TRAIN = rows_of(random_head())
VALIDATION = rows_of(random_head(), seed=1)


def fit(rows: FeatureSet = TRAIN, **options: Any) -> FittedHead:
    options = {"grid": GRID, "settings": SETTINGS} | options
    return fit_features(rows.features, rows.logits, rows.labels if rows.labels is not None else [], **options)


def plain_mean_gap(u: torch.Tensor, rows: FeatureSet) -> float:
    return float(u[rows.errors].mean() - u[~rows.errors].mean())


def test_errors_get_a_higher_u_than_right_answers() -> None:
    fitted = fit(validation=VALIDATION)
    test = rows_of(random_head(), seed=2)
    u = fitted.uncertainty(test.features, test.logits)
    assert u.shape == (len(test),)
    assert ((u >= 0) & (u <= 1)).all()
    assert plain_mean_gap(u, test) > 0.05


def test_numpy_and_torch_give_the_same_head() -> None:
    ours = fit(validation=VALIDATION)
    assert TRAIN.labels is not None
    theirs = fit_features(
        TRAIN.features.double().numpy(),
        TRAIN.logits.numpy(),
        TRAIN.labels.tolist(),
        validation=FeatureSet(VALIDATION.features.double(), VALIDATION.logits.double(), VALIDATION.labels),
        grid=GRID,
        settings=SETTINGS,
    )
    assert ours.config == theirs.config


def test_the_configuration_says_what_was_seen() -> None:
    names = {0: "bad", 1: "fine", 2: "good"}
    fitted = fit(validation=VALIDATION, id2label=names)
    metrics, sweep = fitted.config.metrics, fitted.sweep
    assert sweep is not None
    assert fitted.config.head_sha256 == tensors_sha256(fitted.uncertainty_head.state_dict())
    assert fitted.config.id2label == names
    assert fitted.config.hyperparameters == GRID.points[sweep.best]
    assert (metrics.train_rows, metrics.validation_rows) == (200, 200)
    assert metrics.train_errors == int(TRAIN.errors.sum())
    assert metrics.validation_errors == int(VALIDATION.errors.sum())
    u = fitted.uncertainty(VALIDATION.features, VALIDATION.logits)
    assert metrics.validation_auroc == pytest.approx(roc_auc_score(VALIDATION.errors, u), abs=1e-9)
    reference = softmax_response(VALIDATION.logits)
    assert metrics.validation_auroc_softmax_response == pytest.approx(roc_auc_score(VALIDATION.errors, reference))
    assert VALIDATION.labels is not None
    assert metrics.validation_majority_accuracy == pytest.approx(float(VALIDATION.labels.bincount().max()) / 200)


def fit_auto(
    rows: FeatureSet = TRAIN, validation: FeatureSet = VALIDATION, settings: AutoSettings | None = None
) -> FittedHead:
    assert rows.labels is not None
    return fit_features(rows.features, rows.logits, rows.labels, validation=validation, settings=settings)


def test_by_default_the_softmax_response_is_corrected() -> None:
    fitted = fit_auto()
    assert fitted.config.settings == AutoSettings()
    assert (fitted.sweep, fitted.config.hyperparameters, fitted.config.metrics.epochs) == (None, None, 200)
    u = fitted.uncertainty(VALIDATION.features, VALIDATION.logits)
    assert ((u >= 0) & (u <= 1)).all()
    assert plain_mean_gap(u, VALIDATION) > 0


@pytest.mark.parametrize(("required", "plain"), [(None, False), (100.0, True)])
def test_the_configuration_says_whether_u_ranks_as_the_softmax_response(required: float | None, plain: bool) -> None:
    fitted = fit_auto(settings=AutoSettings(required_gain=required))
    assert fitted.config.metrics.ranks_as_softmax_response is plain
    u = fitted.uncertainty(VALIDATION.features, VALIDATION.logits)
    agreement = kendalltau(u, softmax_response(VALIDATION.logits)).statistic
    assert agreement == pytest.approx(1) if plain else agreement < 1 - 1e-6


def test_the_auroc_of_auto_is_of_rows_its_correction_has_not_seen() -> None:
    fitted = fit_auto(settings=AutoSettings(required_gain=None))
    seen = roc_auc_score(VALIDATION.errors, fitted.uncertainty(VALIDATION.features, VALIDATION.logits))
    assert 0 < fitted.config.metrics.validation_auroc < seen


def test_auto_takes_no_grid() -> None:
    with pytest.raises(DataError, match=r"^the score auto takes no grid; leave it out, or add"):
        fit(settings=AutoSettings(), validation=VALIDATION)


def test_auto_with_one_validation_error_asks_for_more_rows() -> None:
    one = torch.cat([VALIDATION.errors.nonzero()[:1, 0], (~VALIDATION.errors).nonzero()[:, 0]])
    with pytest.raises(
        DataError, match=r"^1 of \d+ validation rows are errors: too few to learn from; give more rows$"
    ):
        fit_auto(validation=VALIDATION.select(one))


@pytest.mark.parametrize("settings", [AutoSettings(), SETTINGS])
def test_rows_that_no_class_fits_are_refused(settings: AutoSettings | FitSettings) -> None:
    assert VALIDATION.labels is not None
    assert TRAIN.labels is not None
    outside = FeatureSet(
        VALIDATION.features, VALIDATION.logits, VALIDATION.labels.clone().index_fill(0, torch.tensor(0), -1)
    )
    with pytest.raises(DataError, match=r"^1 of 200 rows are out of scope"):
        fit_features(TRAIN.features, TRAIN.logits, TRAIN.labels, validation=outside, settings=settings)


def test_without_validation_rows_a_fifth_with_its_share_of_errors_is_set_aside() -> None:
    metrics = fit().config.metrics
    assert (metrics.train_rows, metrics.validation_rows) == (160, 40)
    assert metrics.validation_errors == round(int(TRAIN.errors.sum()) / 5)
    assert metrics.train_errors + metrics.validation_errors == int(TRAIN.errors.sum())


def test_the_rows_set_aside_follow_the_seed() -> None:
    first, again = fit().config, fit().config
    other = fit(settings=SETTINGS.model_copy(update={"seed": 1})).config
    assert first == again
    assert first.head_sha256 != other.head_sha256


def test_default_names_of_classes_are_those_of_transformers() -> None:
    assert fit().config.id2label == {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}


def test_progress_is_reported_after_every_epoch() -> None:
    seen: list[int] = []
    fit(on_epoch=seen.append)
    assert seen == [1, 2, 3, 4]


def test_a_two_layer_head_is_fitted_when_it_is_given() -> None:
    head = random_head(activation="tanh")
    fitted = fit(rows_of(head), classifier_head=head)
    assert fitted.config.head == head.shape


@pytest.mark.parametrize("part", ["features", "logits"])
def test_validation_rows_of_another_classifier_are_refused_by_auto_too(part: str) -> None:
    wider = {"features": VALIDATION.features, "logits": VALIDATION.logits}
    wider[part] = torch.cat([wider[part], wider[part][:, :1] - 1], dim=-1)
    with pytest.raises(DataError, match=r"^the validation rows have \d+ features and \d classes, the head has"):
        fit_auto(validation=FeatureSet(**wider, labels=VALIDATION.labels))


@pytest.mark.parametrize("wrong", [2, 5])
def test_errors_too_few_to_put_two_aside_ask_for_more_rows(wrong: int) -> None:
    errors, right = (rows.nonzero().squeeze(-1) for rows in (TRAIN.errors, ~TRAIN.errors))
    some = TRAIN.select(torch.cat([errors[:wrong], right]))
    with pytest.raises(DataError, match=rf"^{wrong} of \d+ rows are errors: too few rows to set validation rows aside"):
        fit(some, grid=None, settings=None)


def test_logits_of_another_kind_of_head_are_refused() -> None:
    rows = rows_of(random_head(activation="tanh"))
    with pytest.raises(
        DataError, match=r"^the logits are not a linear .* \(off by up to \d.*\); pass .* classifier_head=AdueHead"
    ):
        fit(rows)


@pytest.mark.parametrize(("name", "value"), [("features", np.nan), ("features", 1e300), ("logits", -np.inf)])
def test_values_that_are_not_finite_are_refused(name: str, value: float) -> None:
    assert TRAIN.labels is not None
    given = {"features": TRAIN.features.double().numpy(), "logits": TRAIN.logits.double().numpy()}
    given[name][7, 0] = value
    with pytest.raises(DataError, match=rf"^the {name} hold NaN or infinite values in 1 of 200 rows \(first: row 7\)"):
        fit_features(given["features"], given["logits"], TRAIN.labels.numpy())


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (3, r"labels must lie in 0\.\.2, or be -1 where no class fits; found 0\.\.3"),
        (-1, r"^1 of 200 rows are out of scope"),
        (0.5, r"labels must be whole numbers, the index of the class; map names with --label-map"),
        (np.nan, r"labels must be whole numbers"),
    ],
)
def test_labels_that_are_no_classes_are_refused(label: float, words: str) -> None:
    assert TRAIN.labels is not None
    labels = TRAIN.labels.double().numpy().copy()
    labels[3] = label
    with pytest.raises(DataError, match=words):
        fit_features(TRAIN.features.numpy(), TRAIN.logits.numpy(), labels)


@pytest.mark.parametrize(("wrong", "state"), [(False, "no prediction is wrong"), (True, "every prediction is wrong")])
@pytest.mark.parametrize("validation", [None, VALIDATION])
def test_rows_without_both_kinds_are_refused(wrong: bool, state: str, validation: FeatureSet | None) -> None:
    labels = (TRAIN.predictions + int(wrong)) % 3
    with pytest.raises(DataError, match=f"^AUROC is undefined on the training data: {state} in 200 rows; "):
        fit(FeatureSet(TRAIN.features, TRAIN.logits, labels), validation=validation)


def test_no_rows_are_refused() -> None:
    none = TRAIN.select(torch.zeros(0, dtype=torch.int64))
    with pytest.raises(DataError, match=r"^the training data has no rows"):
        fit(none)
    with pytest.raises(DataError, match=r"^the training data has no rows"):
        fit(none, validation=VALIDATION)
    with pytest.raises(DataError, match=r"^the validation data has no rows"):
        fit(validation=none)


def test_auto_without_validation_rows_is_refused() -> None:
    with pytest.raises(DataError, match=r"^the validation data has no rows"):
        fit_auto(validation=TRAIN.select(torch.zeros(0, dtype=torch.int64)))


@pytest.mark.parametrize(("right", "wrong"), [(50, 1), (1, 50), (2, 2)])
def test_too_few_rows_to_set_some_aside_are_refused(right: int, wrong: int) -> None:
    right_rows, wrong_rows = (~TRAIN.errors).nonzero()[:right, 0], TRAIN.errors.nonzero()[:wrong, 0]
    rows = TRAIN.select(torch.cat([right_rows, wrong_rows]))
    words = f"^{wrong} of {right + wrong} rows are errors: too few rows to set validation rows aside; give more rows"
    with pytest.raises(DataError, match=words):
        fit(rows)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_auto_is_fitted_where_gradients_are_switched_off(mode: Callable[[], AbstractContextManager[None]]) -> None:
    given = TRAIN.features, TRAIN.logits, TRAIN.require_classes()
    with mode():
        off = fit_features(*given)
        inside = fit_features(*(tensor.clone() for tensor in given))
    expected = fit_features(*given).uncertainty(TRAIN.features, TRAIN.logits)
    for fitted in (off, inside):
        assert torch.equal(fitted.uncertainty(TRAIN.features, TRAIN.logits), expected)


def test_the_default_grid_is_the_papers() -> None:
    fitted = fit(grid=None, settings=FitSettings(max_epochs=1))
    assert fitted.sweep is not None
    assert len(fitted.sweep.points) == 27
    assert HyperParameters(learning_rate=4e-4, alpha=0.01, beta=0.01) in fitted.sweep.points
