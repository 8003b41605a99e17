from typing import get_args

import pytest
import torch

from adue.foundation.config import (
    PRESETS,
    SETTINGS_TYPES,
    AutoSettings,
    FitSettings,
    Grid,
    HeadShape,
    HyperParameters,
    ScoreName,
    points_to_train,
)
from adue.heads.correction import CorrectedResponse
from adue.heads.head import AdueHead
from adue.heads.kinds import FitInputs, kind_of
from tests.support.rows import random_head, rows_of

HEAD = random_head()
TRAIN, VALIDATION = rows_of(HEAD), rows_of(HEAD, seed=1)
EACH = pytest.mark.parametrize("settings", [AutoSettings(head_epochs=2), FitSettings(max_epochs=1)])


def inputs(settings: AutoSettings | FitSettings) -> FitInputs:
    grid = Grid(alpha=(0.1,), beta=(0.01,)) if settings.takes_grid else None
    return FitInputs(TRAIN, VALIDATION, HEAD, points_to_train(settings, grid))


@EACH
def test_what_was_fitted_is_loaded_from_its_tensors(settings: AutoSettings | FitSettings) -> None:
    kind = kind_of(settings)
    fitted = kind.fit(inputs(settings), settings)
    loaded = kind.load(HEAD.shape, fitted.settings, fitted.uncertainty_head.state_dict())
    assert type(loaded) is type(fitted.uncertainty_head)
    with torch.no_grad():
        ours, theirs = (one(VALIDATION.features, VALIDATION.logits) for one in (fitted.uncertainty_head, loaded))
    assert torch.equal(ours, theirs)


@EACH
def test_tensors_of_other_sizes_are_not_loaded(settings: AutoSettings | FitSettings) -> None:
    tensors = kind_of(settings).fit(inputs(settings), settings).uncertainty_head.state_dict()
    with pytest.raises((KeyError, RuntimeError)):
        kind_of(settings).load(HeadShape(hidden_size=7, num_labels=3), settings, tensors)


def test_only_a_grid_has_hyperparameters() -> None:
    auto, paper = (
        kind_of(settings).fit(inputs(settings), settings)
        for settings in (AutoSettings(head_epochs=2), FitSettings(max_epochs=1))
    )
    assert auto.hyperparameters is None
    assert isinstance(paper.hyperparameters, HyperParameters)


def test_the_tensors_of_a_correction_keep_the_names_of_saved_files() -> None:
    names = set(CorrectedResponse(AdueHead(HEAD.shape), references=2).state_dict())
    buffers = {"reference", "fade", "center", "scale", "plain", "weights", "class_weights"}
    assert names == {"head.out_weight", "head.out_bias"} | buffers


def test_every_score_and_every_preset_has_a_kind() -> None:
    assert set(SETTINGS_TYPES) == set(get_args(ScoreName))
    for settings in (*PRESETS.values(), *(kind() for kind in SETTINGS_TYPES.values())):
        assert kind_of(settings).needs_training_errors is settings.takes_grid
