import re
import warnings
from dataclasses import replace

import pytest
import torch

from adue.foundation.errors import DataError, DataWarning
from adue.foundation.types import FeatureSet
from adue.scores import ADUE, REFERENCE
from adue.scores.outputs import error_probability
from adue.scores.registry import SCORES, Score, baseline_scores

ROWS = FeatureSet(torch.randn(6, 3), torch.randn(6, 2), torch.tensor([0, 0, 0, 1, 1, 1]))
PRINTED = ["softmax-response", "entropy", "margin", "energy", "mahalanobis", "relative-mahalanobis"]


def test_each_score_has_the_name_it_is_kept_under_and_a_source_with_a_year() -> None:
    for name, score in SCORES.items():
        assert score.name == name
        assert re.search(r"\d{4}", score.source)
    assert next(iter(SCORES)) == REFERENCE
    assert ADUE not in SCORES


def test_evaluation_prints_six_of_them() -> None:
    assert [name for name, score in SCORES.items() if score.evaluated] == PRINTED


def test_distances_are_there_when_training_rows_are_given() -> None:
    assert list(baseline_scores(ROWS)) == PRINTED[:4]
    scores = baseline_scores(ROWS, ROWS)
    assert list(scores) == PRINTED
    assert {tuple(values.shape) for values in scores.values()} == {(6,)}
    assert {values.dtype for values in scores.values()} == {torch.float64}


def test_scores_with_the_same_statistics_share_one_fit() -> None:
    flat = FeatureSet(torch.cat([ROWS.features, ROWS.features], dim=1), ROWS.logits, ROWS.labels)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        baseline_scores(flat, flat)
    assert len([one for one in caught if one.category is DataWarning]) <= 1


def test_only_the_softmax_response_stands_for_a_probability() -> None:
    assert {name: score.error_probability for name, score in SCORES.items() if score.error_probability} == {
        REFERENCE: error_probability
    }


@pytest.mark.parametrize("name", list(SCORES))
def test_every_score_gives_one_finite_double_a_row(name: str) -> None:
    score, seed = SCORES[name], 0
    rows = FeatureSet(torch.randn(30, 3), torch.randn(30, 2), torch.arange(30) % 2)
    learned = score.statistics and score.statistics(rows.features, rows.require_classes(), seed)
    u = score.compute(rows, learned)
    assert u.shape == (30,)
    assert u.dtype == torch.float64
    assert u.isfinite().all()


def test_a_score_that_is_not_finite_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(logits: torch.Tensor) -> torch.Tensor:
        return logits[:, 0] / 0

    monkeypatch.setitem(SCORES, "broken", replace(SCORES["entropy"], name="broken", function=broken))
    with pytest.raises(DataError, match=r"^the score 'broken' is not finite on some rows; look for extreme"):
        baseline_scores(ROWS)


def test_a_score_that_is_added_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    added = Score("gap", lambda logits: -logits.double().diff(dim=-1).abs()[:, 0], "this test, 2025")
    monkeypatch.setitem(SCORES, "gap", added)
    torch.testing.assert_close(baseline_scores(ROWS)["gap"], -(ROWS.logits[:, 0] - ROWS.logits[:, 1]).abs().double())
