import pytest
import torch

from adue.foundation.config import AutoSettings, FitSettings, Grid
from adue.foundation.errors import DataError
from adue.heads.fit import fit_features
from adue.heads.fitted import FittedHead
from tests.support.rows import random_head, rows_of

TRAIN = rows_of(random_head())


def fit() -> FittedHead:
    given, grid = (TRAIN.features, TRAIN.logits, TRAIN.require_classes()), Grid(alpha=(0.1,), beta=(0.01,))
    return fit_features(*given, settings=FitSettings(max_epochs=1), grid=grid)


def test_features_of_another_width_are_refused() -> None:
    with pytest.raises(DataError, match=r"^the features have 5 columns, the head was fitted on 6; extract them from"):
        fit().uncertainty(TRAIN.features[:, :5], TRAIN.logits)


def test_logits_of_other_classes_are_refused() -> None:
    with pytest.raises(DataError, match=r"^the logits have shape \(200, 2\), expected \(200, 3\)"):
        fit().uncertainty(TRAIN.features, TRAIN.logits[:, :2])


def test_half_precision_features_are_scored() -> None:
    fitted = fit()
    u = fitted.uncertainty(TRAIN.features.bfloat16(), TRAIN.logits)
    torch.testing.assert_close(u, fitted.uncertainty(TRAIN.features, TRAIN.logits), atol=0.05, rtol=0)


@pytest.mark.parametrize("settings", [AutoSettings(), FitSettings(max_epochs=1)])
def test_both_kinds_of_uncertainty_are_called_with_features_and_logits(settings: AutoSettings | FitSettings) -> None:
    fitted = fit_features(TRAIN.features, TRAIN.logits, TRAIN.require_classes(), settings=settings)
    with torch.no_grad():
        u = fitted.uncertainty_head(TRAIN.features, TRAIN.logits)
    assert torch.equal(u, fitted.uncertainty(TRAIN.features, TRAIN.logits))
