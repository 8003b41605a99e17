import re

import numpy as np
import pytest
import torch

from adue.foundation.errors import DataError
from adue.foundation.types import OUT_OF_SCOPE, FeatureSet
from adue.heads.score import score_features
from adue.research.methods import select_methods
from adue.research.methods.method import FitRows, Method, ScoreRows
from adue.research.methods.outputs import output_methods
from adue.scores.outputs import softmax_response
from adue.scores.registry import SCORES, Score
from adue.scores.temperature import fit_temperature
from tests.support.rows import random_head, rows_of

HEAD = random_head()
ROWS = FitRows(rows_of(HEAD), rows_of(HEAD, seed=1), rows_of(HEAD, seed=2), HEAD)
TEST = rows_of(HEAD, rows=40, seed=3)
OUTPUT_METHODS = output_methods()
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


def test_the_temperature_scaled_score_is_one_minus_the_largest_probability() -> None:
    method = BY_NAME["temperature-scaled"]
    assert method.probability
    temperature = fit_temperature(ROWS.calibration.logits, ROWS.calibration.require_classes())
    expected = 1 - (TEST.logits.double() / temperature).softmax(dim=-1).amax(dim=-1)
    torch.testing.assert_close(method.fit(ROWS)(ScoreRows(TEST)), expected)


def test_the_softmax_response_stands_for_one_minus_the_largest_probability() -> None:
    method = BY_NAME["softmax-response"]
    assert not method.probability
    assert method.error_probability is not None
    expected = 1 - TEST.logits.double().softmax(dim=-1).amax(dim=-1)
    torch.testing.assert_close(method.error_probability(ScoreRows(TEST)), expected)


def test_the_others_are_not_taken_for_probabilities() -> None:
    others = [method for name, method in BY_NAME.items() if name not in {"softmax-response", "temperature-scaled"}]
    assert not any(method.probability or method.error_probability for method in others)


def test_evaluation_and_benchmark_give_the_softmax_response_on_one_scale() -> None:
    rows = FeatureSet(torch.zeros(1, 6), torch.tensor([[2.0, 0.0]]))
    evaluated = score_features(rows.features, rows.logits)["softmax-response"]
    compared = BY_NAME["softmax-response"].fit(ROWS)(ScoreRows(rows))
    assert float(evaluated[0]) == float(compared[0]) == pytest.approx(0.2384, abs=5e-5)
    assert float(softmax_response(rows.logits)[0]) == float(compared[0])


def test_a_score_that_is_added_to_the_registry_is_in_evaluation_and_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    added = Score("gap", lambda logits: -logits.double().amax(dim=-1), "this test, 2025")
    monkeypatch.setitem(SCORES, "gap", added)
    (method,) = select_methods(["gap"])
    assert method.source == added.source
    compared = method.fit(ROWS)(ScoreRows(TEST))
    evaluated = score_features(TEST.features, TEST.logits)["gap"]
    np.testing.assert_array_equal(compared.numpy(), evaluated)
    assert {"gap"} <= {one.name for one in select_methods(["single-pass"])}


def test_a_distance_that_is_added_to_the_registry_is_in_evaluation_and_benchmark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    added = Score(
        "to-mean", lambda hidden, mean: (hidden - mean).double().norm(dim=-1), "2025", lambda hidden, *_: hidden.mean(0)
    )
    monkeypatch.setitem(SCORES, "to-mean", added)
    plain, _ = select_methods(["to-mean", "to-mean-normalised"])
    compared = plain.fit(ROWS)(ScoreRows(TEST)).numpy()
    evaluated = score_features(TEST.features, TEST.logits, train=ROWS.train, classifier_head=HEAD)["to-mean"]
    np.testing.assert_allclose(compared, evaluated, rtol=1e-5)


@pytest.mark.parametrize("labels", [None, torch.full((40,), OUT_OF_SCOPE)])
def test_a_temperature_is_learned_from_classes_only(labels: torch.Tensor | None) -> None:
    rows = FitRows(ROWS.train, ROWS.selection, FeatureSet(TEST.features, TEST.logits, labels), HEAD)
    with pytest.raises(DataError, match="nothing can be learned"):
        BY_NAME["temperature-scaled"].fit(rows)
