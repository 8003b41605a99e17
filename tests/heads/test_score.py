import numpy as np
import pytest
import torch

from adue.foundation.config import FitSettings, Grid
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.fit import fit_features
from adue.heads.fitted import FittedHead
from adue.heads.score import score_features
from adue.scores import ADUE
from tests.support.rows import random_head, rows_of

LOGIT_SCORES = ("softmax-response", "entropy", "margin", "energy")
DISTANCES = ("mahalanobis", "relative-mahalanobis")
TRAIN = rows_of(random_head())


def fit() -> FittedHead:
    given, grid = (TRAIN.features, TRAIN.logits, TRAIN.require_classes()), Grid(alpha=(0.1,), beta=(0.01,))
    return fit_features(*given, settings=FitSettings(max_epochs=1), grid=grid)


def test_scores_grow_with_what_is_known() -> None:
    fitted = fit()
    numpy_scores = score_features(TRAIN.features.numpy(), TRAIN.logits.numpy())
    assert set(numpy_scores) == {*LOGIT_SCORES}
    assert set(score_features(TRAIN.features, TRAIN.logits, train=TRAIN)) == {*LOGIT_SCORES, *DISTANCES}
    everything = score_features(TRAIN.features, TRAIN.logits, train=TRAIN, fitted=fitted)
    assert set(everything) == {*LOGIT_SCORES, *DISTANCES, ADUE}
    for values in everything.values():
        assert isinstance(values, np.ndarray)
        assert values.shape == (200,)
        assert values.dtype == np.float64
    for name in (ADUE, "softmax-response", "margin"):
        assert 0 <= everything[name].min() <= everything[name].max() <= 1
    np.testing.assert_array_equal(everything[ADUE], fitted.uncertainty(TRAIN.features, TRAIN.logits).double().numpy())


def test_distances_are_measured_on_the_last_hidden_layer() -> None:
    head = random_head(activation="tanh")
    rows = rows_of(head)
    with torch.no_grad():
        hidden = FeatureSet(head.hidden(rows.features), rows.logits, rows.labels)
    ours = score_features(rows.features, rows.logits, train=rows, classifier_head=head)
    expected = score_features(hidden.features, rows.logits, train=hidden)
    for name in DISTANCES:
        np.testing.assert_allclose(ours[name], expected[name], rtol=1e-9)


def test_distances_need_the_training_labels() -> None:
    with pytest.raises(
        DataError, match=r"^these rows have no labels, and nothing can be learned from them; add a label column$"
    ):
        score_features(TRAIN.features, TRAIN.logits, train=FeatureSet(TRAIN.features, TRAIN.logits))


@pytest.mark.parametrize("name", ["features", "logits"])
def test_values_that_are_not_finite_are_refused(name: str) -> None:
    given = {"features": TRAIN.features.double().numpy(), "logits": TRAIN.logits.double().numpy()}
    given[name][7, 0] = np.nan
    with pytest.raises(DataError, match=rf"^the {name} hold NaN or infinite values in 1 of 200 rows"):
        score_features(given["features"], given["logits"])
