import re

import pytest
import torch

from adue.foundation.errors import DataError
from adue.foundation.types import OUT_OF_SCOPE, FeatureSet
from adue.research.methods.method import FitRows, Method, ScoreRows
from adue.research.methods.outputs import OUTPUT_METHODS
from adue.scores.temperature import fit_temperature
from tests.support.rows import random_head, rows_of

HEAD = random_head()
ROWS = FitRows(rows_of(HEAD), rows_of(HEAD, seed=1), rows_of(HEAD, seed=2), HEAD)
TEST = rows_of(HEAD, rows=40, seed=3)
BY_NAME = {method.name: method for method in OUTPUT_METHODS}


def test_names_are_those_of_the_tables() -> None:
    names = ["softmax-response", "entropy", "margin", "energy", "max-logit", "temperature-scaled"]
    assert [method.name for method in OUTPUT_METHODS] == names


@pytest.mark.parametrize("method", OUTPUT_METHODS, ids=lambda method: method.name)
def test_each_needs_one_pass_and_neither_features_nor_labels(method: Method) -> None:
    assert method.single_pass
    assert re.search(r"\d{4}", method.source)
    blind = FeatureSet(torch.zeros(len(TEST), 0), TEST.logits)
    result = method.fit(ROWS)(ScoreRows(blind))
    torch.testing.assert_close(result, method.fit(ROWS)(ScoreRows(TEST)))
    assert result.shape == (40,)
    assert result.dtype == torch.float64


@pytest.mark.parametrize("method", OUTPUT_METHODS, ids=lambda method: method.name)
def test_a_doubtful_row_scores_higher_than_a_confident_one(method: Method) -> None:
    logits = torch.tensor([[9.0, 0.0, -1.0], [0.2, 0.0, -1.0]])
    confident, doubtful = method.fit(ROWS)(ScoreRows(FeatureSet(torch.zeros(2, 6), logits)))
    assert doubtful > confident


@pytest.mark.parametrize("name", ["softmax-response", "temperature-scaled"])
def test_probabilities_are_one_minus_the_largest(name: str) -> None:
    assert BY_NAME[name].probability
    labels = ROWS.calibration.labels
    assert labels is not None
    temperature = 1.0 if name == "softmax-response" else fit_temperature(ROWS.calibration.logits, labels)
    expected = 1 - (TEST.logits.double() / temperature).softmax(dim=-1).amax(dim=-1)
    torch.testing.assert_close(BY_NAME[name].fit(ROWS)(ScoreRows(TEST)), expected)


def test_the_others_are_not_taken_for_probabilities() -> None:
    assert {name for name, method in BY_NAME.items() if method.probability} == {
        "softmax-response",
        "temperature-scaled",
    }


@pytest.mark.parametrize("labels", [None, torch.full((40,), OUT_OF_SCOPE)])
def test_a_temperature_is_learned_from_classes_only(labels: torch.Tensor | None) -> None:
    rows = FitRows(ROWS.train, ROWS.selection, FeatureSet(TEST.features, TEST.logits, labels), HEAD)
    with pytest.raises(DataError, match="nothing can be learned"):
        BY_NAME["temperature-scaled"].fit(rows)
