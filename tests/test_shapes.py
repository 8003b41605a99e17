import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError

from adue.heads.losses import softmax_regularisation
from adue.metrics import risk_coverage
from adue.scores.distances import GaussianStatistics, mahalanobis
from adue.scores.outputs import softmax_response


def test_shapes_in_signatures_are_checked_while_the_tests_run() -> None:
    # All of these would go through by broadcasting, and give a wrong answer.
    with pytest.raises(TypeCheckError, match="softmax_response"):
        softmax_regularisation(torch.zeros(3), torch.zeros(1))
    with pytest.raises(TypeCheckError, match="errors"):
        risk_coverage(np.zeros(2), np.zeros(2))
    with pytest.raises(TypeCheckError, match="logits"):
        softmax_response(torch.zeros(2, 2, dtype=torch.int64))


def test_the_scores_are_checked_too() -> None:
    statistics = GaussianStatistics.fit(torch.randn(4, 3), torch.tensor([0, 0, 1, 1]))
    with pytest.raises(TypeCheckError, match="features"):
        mahalanobis(torch.zeros(3), statistics)
