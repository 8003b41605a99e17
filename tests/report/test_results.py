import numpy as np
import pytest
from pydantic import ValidationError

from adue.metrics import Interval
from adue.report.results import EvaluationResult, ScoredSet, ScoreResult, SetResult
from adue.scores import ADUE, REFERENCE
from tests.foundation.test_config import EXAMPLE

ROW = ScoreResult(name=ADUE, auroc=Interval(0.8, 0.7, 0.9), difference=Interval(0.1, 0.0, 0.2))
TABLE = SetResult(name="test", rows=4, errors=1, accuracy=0.75, majority_accuracy=0.5, scores=(ROW,))


def test_a_result_survives_json() -> None:
    result = EvaluationResult(adapter="my-adapter", data="data", config=EXAMPLE, sets=(TABLE,))
    assert EvaluationResult.model_validate_json(result.model_dump_json()) == result


def test_a_row_is_found_by_name() -> None:
    assert TABLE.score(ADUE) is ROW
    with pytest.raises(KeyError):
        TABLE.score("unknown")


def test_results_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        TABLE.rows = 5  # type: ignore[misc]


def test_a_scored_set_knows_its_errors_and_its_two_main_scores() -> None:
    scores = {REFERENCE: np.array([0.1, 0.9]), ADUE: np.array([0.2, 0.8])}
    rows = ScoredSet("test", ["a", "b"], np.array([0, 1]), np.array([0, 0]), np.array([0.9, 0.6]), scores)
    assert rows.errors.tolist() == [False, True]
    assert rows.reference is scores[REFERENCE]
    assert rows.uncertainty is scores[ADUE]
