import re

import pytest
import torch
from torch import Tensor

from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.research.methods.method import FitRows, Method, ScoreRows
from adue.research.methods.sampled import SAMPLED_METHODS
from tests.support.rows import random_head, rows_of

METHODS = {method.name: method for method in SAMPLED_METHODS}
HEAD = random_head()
FIT = FitRows(rows_of(HEAD, seed=0), rows_of(HEAD, seed=1), rows_of(HEAD, seed=2), HEAD)
ROWS = rows_of(HEAD, rows=50, seed=9)
UNLABELLED = FeatureSet(ROWS.features, ROWS.logits)


def noise(seed: int, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(ROWS.logits.shape, generator=torch.Generator().manual_seed(seed))


DRAWN = torch.stack([ROWS.logits + noise(seed) for seed in range(6)])
MEMBERS = tuple(FeatureSet(ROWS.features, ROWS.logits + noise(seed)) for seed in range(4))
SCORED = ScoreRows(UNLABELLED, {"mc-dropout": DRAWN, "lora-laplace": DRAWN}, MEMBERS)


def u_of(method: Method, rows: ScoreRows = SCORED) -> Tensor:
    return method.fit(FIT)(rows)


@pytest.mark.parametrize("method", SAMPLED_METHODS, ids=lambda method: method.name)
def test_every_method_scores_rows_without_labels(method: Method) -> None:
    u = u_of(method)
    assert u.shape == (50,)
    assert u.isfinite().all()
    assert not method.single_pass


def test_the_methods_asked_for_are_there_and_say_what_they_need() -> None:
    assert {name for name, method in METHODS.items() if method.sampling == "mc-dropout"} == {
        "mc-dropout-predictive-entropy",
        "mc-dropout-bald",
        "mc-dropout-variation-ratio",
        "mc-dropout-sampled-max-probability",
        "mc-dropout-answer-probability",
    }
    assert METHODS["lora-laplace"].sampling == "lora-laplace"
    assert METHODS["deep-ensemble"].ensemble


@pytest.mark.parametrize(
    "name", ["mc-dropout-predictive-entropy", "mc-dropout-sampled-max-probability", "mc-dropout-bald"]
)
def test_a_row_whose_samples_scatter_scores_higher(name: str) -> None:
    sure = torch.tensor([6.0, 0.0, 0.0]).expand(6, 50, 3).clone()
    sure[:3, 7] = torch.tensor([0.0, 6.0, 0.0])
    u = u_of(METHODS[name], ScoreRows(UNLABELLED, {"mc-dropout": sure}))
    assert u.argmax() == 7


def test_methods_called_probability_speak_of_the_classifiers_own_answer() -> None:
    own = torch.zeros(50, dtype=torch.int64)
    for name, method in METHODS.items():
        if not method.probability:
            continue
        rows = FeatureSet(UNLABELLED.features, torch.nn.functional.one_hot(own, 3).float())
        # All that is averaged is sure of class 1: the classifier's answer 0 is then wrong.
        other = torch.tensor([0.0, 50.0, 0.0]).expand(6, 50, 3)
        members = tuple(FeatureSet(rows.features, other[0]) for _ in range(99))
        u = u_of(method, ScoreRows(rows, {"mc-dropout": other, "lora-laplace": other}, members))
        assert u.min() > 0.98, name
    assert u_of(METHODS["mc-dropout-sampled-max-probability"], ScoreRows(rows, {"mc-dropout": other})).max() < 0.01


def test_an_ensemble_averages_the_classifier_with_the_other_members() -> None:
    logits = torch.stack([ROWS.logits, *(member.logits for member in MEMBERS)]).double()
    mean = logits.softmax(dim=-1).mean(dim=0)
    expected = 1 - mean[torch.arange(50), ROWS.predictions]
    torch.testing.assert_close(u_of(METHODS["deep-ensemble"]), expected)


def test_missing_samples_are_one_line_that_says_what_is_there() -> None:
    words = "these rows carry no 'mc-dropout' samples (there are: lora-laplace); draw them with adue.research.sampling"
    with pytest.raises(DataError, match=re.escape(words)):
        u_of(METHODS["mc-dropout-bald"], ScoreRows(UNLABELLED, {"lora-laplace": DRAWN}))
    with pytest.raises(DataError, match=re.escape("(there are: none)")):
        u_of(METHODS["lora-laplace"], ScoreRows(UNLABELLED))


def test_an_ensemble_without_members_is_refused() -> None:
    with pytest.raises(DataError, match="an ensemble needs the same rows seen by other adapters"):
        u_of(METHODS["deep-ensemble"], ScoreRows(UNLABELLED))
