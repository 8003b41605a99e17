import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from adue.foundation.config import Activation, HeadScore
from adue.heads.head import ACTIVATIONS, uncertainty
from adue.heads.losses import error_bce, softmax_regularisation
from adue.heads.sweep.gradients import Logits, LossGradient, activation_gradient

SCORES: tuple[HeadScore, ...] = ("smoothmax", "log_smoothmax", "entropy")


def loss_gradient(
    logits: Logits, errors: Tensor, anchor: Tensor, *, alpha: Tensor, sharpness: Tensor, score: HeadScore
) -> Logits:
    return LossGradient(alpha=alpha, sharpness=sharpness, score=score)(logits, errors, anchor)


def by_autograd(
    logits: Tensor, errors: Tensor, anchor: Tensor, *, alpha: Tensor, sharpness: Tensor, score: HeadScore
) -> Tensor:
    """The derivative of the loss as head and losses write it, one head at a time, times the number of rows."""
    leaf = logits.clone().requires_grad_()
    losses = []
    for head, z in enumerate(leaf):
        u = uncertainty(z.T, score, float(sharpness[head]))
        losses.append(error_bce(u, errors[head] > 0) + alpha[head] * softmax_regularisation(u, anchor[head]))
    return torch.autograd.grad(torch.stack(losses).sum(), leaf)[0] * logits.shape[-1]


@given(
    st.sampled_from(SCORES),
    st.integers(2, 6),
    st.floats(0.01, 12),
    st.sampled_from([3.0, 100.0]),
    st.integers(0, 2**31),
)
def test_the_gradient_is_that_of_autograd(
    score: HeadScore, classes: int, spread: float, sharpness: float, seed: int
) -> None:
    draw = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(3, classes, 5, generator=draw, dtype=torch.float64)
    errors = (torch.rand(3, 5, generator=draw) < 0.5).double()
    anchor, alpha = torch.rand(3, 5, generator=draw).double(), torch.rand(3, generator=draw).double()
    lambdas = sharpness + torch.arange(3).double()
    found = loss_gradient(logits, errors, anchor, alpha=alpha, sharpness=lambdas, score=score)
    expected = by_autograd(logits, errors, anchor, alpha=alpha, sharpness=lambdas, score=score)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("score", SCORES)
@given(st.floats(0.01, 30), st.sampled_from([3.0, 100.0]), st.integers(0, 2**31))
def test_the_gap_of_two_logits_is_pushed_as_the_second_of_them(
    score: HeadScore, spread: float, sharpness: float, seed: int
) -> None:
    draw = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(3, 2, 5, generator=draw, dtype=torch.float64)
    errors = (torch.rand(1, 5, generator=draw) < 0.5).double()
    anchor, alpha = torch.rand(1, 5, generator=draw).double(), torch.rand(3, generator=draw).double()
    lambdas = sharpness + torch.arange(3).double()
    both = loss_gradient(logits, errors, anchor, alpha=alpha, sharpness=lambdas, score=score)
    gap = loss_gradient(logits.diff(dim=1), errors, anchor, alpha=alpha, sharpness=lambdas, score=score)
    torch.testing.assert_close(gap, both[:, 1:], rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(-gap, both[:, :1], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_activation_sends_back_the_gradient_of_autograd(activation: Activation) -> None:
    before = torch.linspace(-4, 4, 41, dtype=torch.float64, requires_grad=True)
    after, arriving = ACTIVATIONS[activation](before), torch.linspace(1, 2, 41, dtype=torch.float64)
    expected = torch.autograd.grad(after, before, arriving, retain_graph=True)[0]
    found = activation_gradient(activation, arriving, before.detach(), after.detach())
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_one_row_of_errors_serves_all_heads() -> None:
    logits, errors = torch.randn(2, 3, 4), torch.tensor([[1.0, 0.0, 0.0, 1.0]])
    ones = torch.ones(2)
    found = loss_gradient(logits, errors, errors / 2, alpha=ones, sharpness=ones, score="entropy")
    twice = loss_gradient(
        logits, errors.expand(2, 4), errors.expand(2, 4) / 2, alpha=ones, sharpness=ones, score="entropy"
    )
    torch.testing.assert_close(found, twice)


def test_a_confident_mistake_teaches_the_score_in_log_space_only() -> None:
    logits, errors = torch.tensor([[[30.0], [0.0]]]), torch.ones(1, 1)
    options = {"alpha": torch.zeros(1), "sharpness": torch.full((1,), 100.0)}
    clamped = loss_gradient(logits, errors, torch.zeros(1, 1), score="smoothmax", **options)
    free = loss_gradient(logits, errors, torch.zeros(1, 1), score="log_smoothmax", **options)
    assert bool((clamped == 0).all())
    # d(-log U) / dz tends to 1 for the larger of two logits: U halves whenever it rises by log 2.
    torch.testing.assert_close(free, torch.tensor([[[1.0], [-1.0]]]), rtol=1e-3, atol=0.0)


@pytest.mark.parametrize("logits", [torch.tensor([[[torch.nan], [0.0]]]), torch.tensor([[[torch.nan]]])])
@pytest.mark.parametrize("score", SCORES)
def test_logits_that_are_not_finite_give_no_finite_gradient_to_hide_behind(score: HeadScore, logits: Tensor) -> None:
    one = torch.ones(1)
    found = loss_gradient(logits, one[None], one[None], alpha=one, sharpness=100 * one, score=score)
    assert bool(found.isnan().any())
