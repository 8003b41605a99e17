from collections.abc import Callable

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from jaxtyping import TypeCheckError
from numpy import ndarray
from torch import Tensor

from adue.scores.samples import (
    answer_error_probability,
    bald,
    mean_error_probability,
    predictive_entropy,
    variation_ratio,
)

SAMPLES = torch.tensor(np.random.default_rng(0).normal(scale=3, size=(7, 40, 4)))
AGREEING, DISAGREEING = [[3.0, 0.0]] * 2, [[3.0, 0.0], [0.0, 3.0]]
AGREEMENT_THEN_NOT = torch.tensor([AGREEING, DISAGREEING]).movedim(0, 1)
SCORES = (predictive_entropy, bald, variation_ratio, mean_error_probability)


def entropy(p: ndarray) -> ndarray:
    return np.asarray(scipy.stats.entropy(p, axis=-1))


def by_hand_variation_ratio(p: ndarray) -> ndarray:
    commonest = scipy.stats.mode(p.argmax(axis=-1), axis=0).count
    return np.asarray(1 - commonest / len(p))


@pytest.mark.parametrize(
    ("score", "formula"),
    [
        (predictive_entropy, lambda p: entropy(p.mean(axis=0))),
        (bald, lambda p: entropy(p.mean(axis=0)) - entropy(p).mean(axis=0)),
        (variation_ratio, by_hand_variation_ratio),
        (mean_error_probability, lambda p: 1 - p.mean(axis=0).max(axis=-1)),
    ],
)
def test_every_score_equals_its_formula(
    score: Callable[[Tensor], Tensor], formula: Callable[[ndarray], ndarray]
) -> None:
    probabilities = scipy.special.softmax(SAMPLES.numpy(), axis=-1)
    np.testing.assert_allclose(score(SAMPLES).numpy(), formula(probabilities), atol=1e-12)


@pytest.mark.parametrize("score", SCORES)
def test_a_row_on_which_the_samples_disagree_scores_higher(score: Callable[[Tensor], Tensor]) -> None:
    agreed, disagreed = score(AGREEMENT_THEN_NOT)
    assert disagreed > agreed


@pytest.mark.parametrize("score", [bald, variation_ratio])
def test_agreement_is_exactly_zero_however_unsure_the_samples_are(score: Callable[[Tensor], Tensor]) -> None:
    same = SAMPLES[:1].expand(5, -1, -1)
    np.testing.assert_allclose(score(same).numpy(), 0, atol=1e-15)
    assert (score(same) >= 0).all()


def test_the_two_probabilities_agree_on_the_averaged_answer_and_on_no_other() -> None:
    averaged = SAMPLES.softmax(dim=-1).mean(dim=0).argmax(dim=-1)
    literature = mean_error_probability(SAMPLES)
    torch.testing.assert_close(answer_error_probability(SAMPLES, averaged), literature)
    other = (averaged + 1) % SAMPLES.shape[-1]
    assert (answer_error_probability(SAMPLES, other) > literature).all()


def test_the_probabilities_of_all_answers_add_up() -> None:
    classes = SAMPLES.shape[-1]
    right = [1 - answer_error_probability(SAMPLES, torch.full((40,), answer)) for answer in range(classes)]
    torch.testing.assert_close(torch.stack(right).sum(dim=0), torch.ones(40, dtype=torch.float64))


@pytest.mark.parametrize("score", SCORES)
def test_scores_are_finite_on_extreme_rows(score: Callable[[Tensor], Tensor]) -> None:
    assert score(torch.tensor([[[1e4, -1e4]], [[-3e38, 3e38]]])).isfinite().all()


def test_samples_without_their_own_dimension_are_refused() -> None:
    with pytest.raises(TypeCheckError, match="samples"):
        predictive_entropy(torch.zeros(3, 2))
