import re

import pytest
import torch

from adue.foundation.errors import DataError
from adue.foundation.types import OUT_OF_SCOPE, FeatureSet
from adue.research.methods.distances import distance_methods
from adue.research.methods.method import FitRows, Method, ScoreRows
from adue.scores.distances import GaussianStatistics, mahalanobis
from tests.support.rows import random_head, rows_of

HEAD = random_head(activation="tanh")
ROWS = FitRows(rows_of(HEAD), rows_of(HEAD, seed=1), rows_of(HEAD, seed=2), HEAD)
TEST = rows_of(HEAD, rows=40, seed=3)
DISTANCE_METHODS = distance_methods()
BY_NAME = {method.name: method for method in DISTANCE_METHODS}
each_method = pytest.mark.parametrize("method", DISTANCE_METHODS, ids=lambda method: method.name)


def test_names_are_those_of_the_tables() -> None:
    plain = {"mahalanobis", "relative-mahalanobis", "marginal-mahalanobis", "rde", "ddu", "knn"}
    assert set(BY_NAME) == plain | {f"{name}-normalised" for name in plain}
    assert len(BY_NAME) == len(DISTANCE_METHODS)


@each_method
def test_each_gives_one_finite_score_a_row_in_one_pass(method: Method) -> None:
    assert method.single_pass
    assert not method.probability
    assert re.search(r"\d{4}", method.source)
    result = method.fit(ROWS)(ScoreRows(TEST))
    assert result.shape == (40,)
    assert result.dtype == torch.float64
    assert result.isfinite().all()


@each_method
def test_a_row_scores_the_same_alone_and_without_its_label(method: Method) -> None:
    score = method.fit(ROWS)
    alone = FeatureSet(TEST.features[:1], TEST.logits[:1])
    torch.testing.assert_close(score(ScoreRows(alone)), score(ScoreRows(TEST))[:1])


@each_method
def test_the_same_seed_gives_the_same_scores(method: Method) -> None:
    first, second = (method.fit(ROWS)(ScoreRows(TEST)) for _ in range(2))
    assert torch.equal(first, second)


@each_method
def test_the_length_of_the_hidden_layer_counts_only_where_it_is_not_normalised(method: Method) -> None:
    linear = random_head()
    rows = FitRows(rows_of(linear), rows_of(linear, seed=1), rows_of(linear, seed=2), linear)
    test = rows_of(linear, rows=10, seed=3)
    longer = FeatureSet(1.5 * test.features, test.logits)
    score = method.fit(rows)
    unchanged = torch.allclose(score(ScoreRows(test)), score(ScoreRows(longer)), rtol=1e-4)
    assert unchanged == method.name.endswith("-normalised")


@each_method
@pytest.mark.filterwarnings("error")
def test_classes_of_very_few_rows_are_no_obstacle(method: Method) -> None:
    head = random_head(hidden=24, classes=30)
    train = rows_of(head, rows=70)
    rows = FitRows(train, train, train, head)
    assert method.fit(rows)(ScoreRows(rows_of(head, rows=50, seed=3))).isfinite().all()


@each_method
@pytest.mark.parametrize("labels", [None, torch.full((40,), OUT_OF_SCOPE)])
def test_distances_are_learned_from_classes_only(method: Method, labels: torch.Tensor | None) -> None:
    train = FeatureSet(TEST.features, TEST.logits, labels)
    with pytest.raises(DataError, match="nothing can be learned"):
        method.fit(FitRows(train, ROWS.selection, ROWS.calibration, HEAD))


def test_distances_are_measured_on_the_heads_hidden_layer() -> None:
    labels = ROWS.train.labels
    assert labels is not None
    with torch.no_grad():
        statistics = GaussianStatistics.fit(HEAD.hidden(ROWS.train.features), labels)
        expected = mahalanobis(HEAD.hidden(TEST.features), statistics)
    torch.testing.assert_close(BY_NAME["mahalanobis"].fit(ROWS)(ScoreRows(TEST)), expected)
