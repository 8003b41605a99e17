from collections.abc import Callable

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from numpy import ndarray
from torch import Tensor

from adue.scores.outputs import energy, entropy, error_probability, margin, max_logit, softmax_response
from adue.scores.registry import SCORES

LOGITS = torch.tensor(np.random.default_rng(0).normal(scale=4, size=(50, 5)))
OF_LOGITS = [name for name, score in SCORES.items() if score.needs == "logits"]
CONFIDENT_THEN_DOUBTFUL = torch.tensor([[9.0, 0.0, -1.0], [0.2, 0.0, -1.0]])


def by_hand_softmax_response(p: ndarray) -> ndarray:
    return np.asarray((1 - p.max(axis=-1)) / (1 - 1 / p.shape[-1]))


def by_hand_margin(p: ndarray) -> ndarray:
    ordered = np.sort(p, axis=-1)
    return np.asarray(1 - ordered[:, -1] + ordered[:, -2])


@pytest.mark.parametrize(
    ("score", "formula"),
    [
        (softmax_response, by_hand_softmax_response),
        (error_probability, lambda p: 1 - p.max(axis=-1)),
        (margin, by_hand_margin),
        (entropy, lambda p: scipy.stats.entropy(p, axis=-1)),
    ],
)
def test_scores_of_the_probabilities_equal_their_formula(
    score: Callable[[Tensor], Tensor], formula: Callable[[ndarray], ndarray]
) -> None:
    probabilities = scipy.special.softmax(LOGITS.numpy(), axis=-1)
    np.testing.assert_allclose(score(LOGITS).numpy(), formula(probabilities), atol=1e-12)


def test_softmax_response_is_one_minus_the_largest_probability_over_its_largest_value() -> None:
    logits = torch.tensor([0.7, 0.2, 0.1]).log()
    assert float(softmax_response(logits)) == pytest.approx(0.3 / (2 / 3))


def test_energy_equals_its_formula() -> None:
    np.testing.assert_allclose(energy(LOGITS).numpy(), -scipy.special.logsumexp(LOGITS.numpy(), axis=-1))


def test_max_logit_is_minus_the_largest_logit() -> None:
    assert max_logit(torch.tensor([[1.0, 3.0], [-2.0, -5.0]])).tolist() == [-3.0, 2.0]


@pytest.mark.parametrize("score", [error_probability, softmax_response])
def test_the_chance_of_an_error_keeps_its_precision_where_the_largest_probability_rounds_to_one(
    score: Callable[[Tensor], Tensor],
) -> None:
    first, second = score(torch.tensor([[90.0, 0.0], [100.0, 0.0]]))
    assert float((first / second).log()) == pytest.approx(10)


@pytest.mark.parametrize("name", OF_LOGITS)
def test_a_doubtful_row_scores_higher_than_a_confident_one(name: str) -> None:
    confident, doubtful = SCORES[name].function(CONFIDENT_THEN_DOUBTFUL)
    assert doubtful > confident


@pytest.mark.parametrize("name", ["softmax-response", "entropy", "margin"])
def test_very_confident_rows_are_not_tied_by_rounding(name: str) -> None:
    first, second = SCORES[name].function(torch.tensor([[20.0, 0.0], [22.0, 0.0]]))
    assert first > second > 0


@pytest.mark.parametrize("name", OF_LOGITS)
def test_scores_are_finite_on_extreme_rows(name: str) -> None:
    assert SCORES[name].function(torch.tensor([[1e4, -1e4], [0.0, 0.0], [-3e38, 3e38]])).isfinite().all()
