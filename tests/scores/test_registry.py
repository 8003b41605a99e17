import pytest
import torch

from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.scores import ADUE, DISTANCE_SCORES, OUTPUT_SCORES, REFERENCE, GaussianStatistics, baseline_scores

ROWS = FeatureSet(torch.randn(6, 3), torch.randn(6, 2), torch.tensor([0, 0, 0, 1, 1, 1]))


def test_names_are_those_of_the_tables() -> None:
    assert list(OUTPUT_SCORES) == ["softmax-response", "entropy", "margin", "energy"]
    assert list(DISTANCE_SCORES) == ["mahalanobis", "relative-mahalanobis"]
    assert REFERENCE in OUTPUT_SCORES
    assert ADUE not in {*OUTPUT_SCORES, *DISTANCE_SCORES}


def test_distances_are_there_when_statistics_are_given() -> None:
    assert ROWS.labels is not None
    statistics = GaussianStatistics.fit(ROWS.features, ROWS.labels)
    assert set(baseline_scores(ROWS, ROWS.features)) == set(OUTPUT_SCORES)
    scores = baseline_scores(ROWS, ROWS.features, statistics)
    assert set(scores) == {*OUTPUT_SCORES, *DISTANCE_SCORES}
    assert {tuple(values.shape) for values in scores.values()} == {(6,)}
    assert {values.dtype for values in scores.values()} == {torch.float64}


def test_a_score_that_is_not_finite_is_named() -> None:
    assert ROWS.labels is not None
    statistics = GaussianStatistics.fit(ROWS.features, ROWS.labels)
    hidden = torch.full((6, 3), 1e200, dtype=torch.float64)
    with pytest.raises(DataError, match=r"^the score 'mahalanobis' is not finite on some rows; look for extreme"):
        baseline_scores(ROWS, hidden, statistics)
