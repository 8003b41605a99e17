import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from adue.foundation.config import HeadScore, HeadShape
from adue.foundation.errors import DataError
from adue.heads.head import (
    EPS,
    AdueHead,
    entropy_uncertainty,
    log_smoothmax_uncertainty,
    recover_linear_head,
    smooth_max,
    smoothmax_uncertainty,
    uncertainty,
)
from adue.scores.outputs import softmax_response
from tests.support.rows import random_head, rows_of

ROWS = rows_of(random_head())
SCORES: tuple[HeadScore, ...] = ("smoothmax", "log_smoothmax", "entropy")


@st.composite
def extreme_logits(draw: st.DrawFn) -> Tensor:
    """One to four rows of 2 to 150 classes: gaps up to 200, and ties by rounding to few levels."""
    classes, rows, seed = draw(st.integers(2, 150)), draw(st.integers(1, 4)), draw(st.integers(0, 2**31))
    span, levels = draw(st.sampled_from([0.0, 1e-6, 1.0, 20.0, 100.0])), draw(st.sampled_from([1, 3, 10**6]))
    drawn = torch.rand(rows, classes, generator=torch.Generator().manual_seed(seed))
    return ((drawn * levels).round() / levels * 2 - 1) * span


def slow_log_smoothmax(logits: Tensor, sharpness: float) -> np.ndarray:
    """The lambda-norm of p written down as it is defined, in double precision."""
    z = logits.double().numpy()
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    norm = np.asarray((p**sharpness).sum(axis=-1) ** (1 / sharpness))
    return np.asarray((1 - norm) / (1 - z.shape[-1] ** (1 / sharpness - 1)))


def gradient(score: Callable[[Tensor, float], Tensor], logits: list[list[float]]) -> Tensor:
    z = torch.tensor(logits, requires_grad=True)
    (result,) = torch.autograd.grad(score(z, 100.0).sum(), z)
    return result


@given(extreme_logits(), st.floats(1.0, 1000.0))
def test_smooth_max_lies_between_max_and_max_plus_log_c_over_lambda(logits: Tensor, sharpness: float) -> None:
    probs = logits.double().softmax(dim=-1)
    smooth, largest = smooth_max(probs, sharpness), probs.amax(dim=-1)
    assert (smooth >= largest - 1e-12).all()
    assert (smooth <= largest + math.log(logits.shape[-1]) / sharpness + 1e-12).all()


@pytest.mark.parametrize("score", SCORES)
@given(logits=extreme_logits(), sharpness=st.sampled_from([1.001, 10.0, 100.0, 1000.0]))
def test_uncertainty_lies_in_0_1(score: HeadScore, logits: Tensor, sharpness: float) -> None:
    u = uncertainty(logits, score, sharpness)
    assert u.shape == logits.shape[:-1]
    assert ((u >= 0) & (u <= 1)).all()


@pytest.mark.parametrize("score", SCORES)
@given(logits=extreme_logits(), seed=st.integers(0, 100))
def test_the_order_of_the_classes_does_not_matter(score: HeadScore, logits: Tensor, seed: int) -> None:
    order = torch.randperm(logits.shape[-1], generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(uncertainty(logits[:, order], score, 100.0), uncertainty(logits, score, 100.0))


@pytest.mark.parametrize("score", SCORES)
def test_uniform_rows_are_the_most_uncertain_and_confident_rows_the_least(score: HeadScore) -> None:
    u = uncertainty(torch.tensor([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [60.0, 0.0, 0.0]]), score, 100.0)
    assert u[0] == pytest.approx(1, abs=0.02)
    assert u[0] > u[1] > u[2]
    assert u[2] <= EPS


@given(extreme_logits(), st.sampled_from([2.0, 10.0, 100.0]))
def test_log_smoothmax_agrees_with_its_definition(logits: Tensor, sharpness: float) -> None:
    u = log_smoothmax_uncertainty(logits, sharpness)
    np.testing.assert_allclose(u.numpy(), slow_log_smoothmax(logits, sharpness), rtol=1e-5, atol=2e-6)


def test_log_smoothmax_keeps_its_relative_precision_on_confident_rows() -> None:
    u = log_smoothmax_uncertainty(torch.tensor([[40.0, 0.0], [80.0, 0.0]]), 100.0)
    expected = np.exp([-40.0, -80.0]) / (1 - 2 ** (0.01 - 1))
    np.testing.assert_allclose(u.numpy(), expected, rtol=1e-4)


def test_smoothmax_has_no_gradient_on_a_confident_row_and_log_smoothmax_has_one() -> None:
    confident = [[40.0, 0.0, -1.0]]
    assert gradient(smoothmax_uncertainty, confident).eq(0).all()
    learnt = gradient(log_smoothmax_uncertainty, confident)
    assert learnt.isfinite().all()
    assert learnt.ne(0).all()


@pytest.mark.parametrize("score", SCORES)
def test_gradients_are_finite_at_exact_ties(score: HeadScore) -> None:
    ties = [[0.0, 0.0, 0.0], [5.0, 5.0, -100.0], [1.0, 0.0, 0.0]]
    assert gradient(lambda z, sharpness: uncertainty(z, score, sharpness), ties).isfinite().all()


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("sharpness", [3.0, 100.0])
def test_gradients_equal_finite_differences(score: HeadScore, sharpness: float) -> None:
    logits = (2 * torch.randn(4, 5, dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: uncertainty(z, score, sharpness), logits)


@given(extreme_logits(), st.sampled_from([10.0, 100.0]))
def test_a_head_starts_as_the_softmax_response(logits: Tensor, sharpness: float) -> None:
    classes = logits.shape[-1]
    distance = (smoothmax_uncertainty(logits, sharpness) - softmax_response(logits)).abs()
    assert (distance <= math.log(classes) / sharpness / (1 - 1 / classes) + 2 * EPS).all()


def test_entropy_of_a_coin_among_four_classes_is_half_of_the_largest() -> None:
    assert float(entropy_uncertainty(torch.tensor([0.0, 0.0, -90.0, -90.0]))) == pytest.approx(0.5)


@pytest.mark.parametrize(("name", "layer"), [("tanh", nn.Tanh()), ("gelu", nn.GELU()), ("relu", nn.ReLU())])
def test_a_two_layer_head_equals_a_sequential_of_torch(name: str, layer: nn.Module) -> None:
    sequential = nn.Sequential(nn.Linear(6, 6), layer, nn.Linear(6, 3))
    names = {"0.weight": "dense_weight", "0.bias": "dense_bias", "2.weight": "out_weight", "2.bias": "out_bias"}
    weights = {names[key]: value for key, value in sequential.state_dict().items()}
    shape = HeadShape.from_dict({"hidden_size": 6, "num_labels": 3, "activation": name})
    features = torch.randn(7, 6)
    head = AdueHead.from_weights(shape, weights)
    torch.testing.assert_close(head.logits(features), sequential(features))
    torch.testing.assert_close(head.hidden(features), sequential[:2](features))


def test_a_linear_head_without_bias_equals_torch() -> None:
    layer = nn.Linear(6, 3, bias=False)
    head = AdueHead.from_weights(HeadShape(hidden_size=6, num_labels=3, bias=False), {"out_weight": layer.weight})
    features = torch.randn(7, 6)
    torch.testing.assert_close(head.logits(features), layer(features))
    assert head.hidden(features) is features


@pytest.mark.parametrize("activation", [None, "tanh"])
@pytest.mark.parametrize("bias", [True, False])
def test_stacked_heads_equal_single_heads(activation: str | None, bias: bool) -> None:
    shape = HeadShape.from_dict({"hidden_size": 6, "num_labels": 3, "activation": activation, "bias": bias})
    singles = [AdueHead(shape) for _ in range(4)]
    for head in singles:
        for parameter in head.parameters():
            nn.init.normal_(parameter)
    stacked = {n: torch.stack([head.state_dict()[n] for head in singles]) for n in singles[0].state_dict()}
    features = torch.randn(5, 6)
    together = torch.func.functional_call(singles[0], stacked, (features,))
    torch.testing.assert_close(together, torch.stack([head(features) for head in singles]))


def test_from_weights_copies_and_turns_to_float32() -> None:
    weights = {name: w.half() for name, w in random_head().state_dict().items()}
    head = AdueHead.from_weights(random_head().shape, weights)
    with torch.no_grad():
        head.out_weight.zero_()
    assert head.out_weight.dtype == torch.float32
    assert weights["out_weight"].ne(0).all()
    assert not head.training


def test_a_linear_head_is_recovered() -> None:
    head = random_head()
    found = recover_linear_head(ROWS.features, ROWS.logits)
    torch.testing.assert_close(found.out_weight, head.out_weight, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found.out_bias, head.out_bias, rtol=1e-4, atol=1e-4)


def test_a_head_that_is_not_unique_reproduces_the_logits_all_the_same() -> None:
    # Two equal columns.
    features = torch.cat([ROWS.features, ROWS.features[:, :1]], dim=-1)
    found = recover_linear_head(features, ROWS.logits)
    torch.testing.assert_close(found.logits(features), ROWS.logits, rtol=1e-4, atol=1e-4)


def test_rows_that_any_head_would_fit_recover_none() -> None:
    few = ROWS.features.shape[-1] + 1
    with pytest.raises(
        DataError, match=rf"^{few} rows of {few - 1} features do not tell which head .*; give more rows"
    ):
        recover_linear_head(ROWS.features[:few], ROWS.logits[:few])
    recover_linear_head(ROWS.features[: few + 1], ROWS.logits[: few + 1])
