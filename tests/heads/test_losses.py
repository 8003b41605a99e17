import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from adue.heads.head import uncertainty
from adue.heads.losses import error_bce, l2_sp, pairwise_ranking, softmax_regularisation

U = torch.tensor([[0.1, 0.9, 0.5], [0.3, 0.2, 0.99]], dtype=torch.float64)
ERRORS = torch.tensor([False, True, True])


def test_error_bce_equals_a_loop_and_torch() -> None:
    for row, loss in zip(U.tolist(), error_bce(U, ERRORS).tolist(), strict=True):
        terms = [-math.log(u if e else 1 - u) for u, e in zip(row, ERRORS.tolist(), strict=True)]
        assert loss == pytest.approx(sum(terms) / 3)
        assert loss == pytest.approx(float(binary_cross_entropy(torch.tensor(row).double(), ERRORS.double())))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_error_bce_and_its_gradient_are_finite_where_u_is_0_or_1(dtype: torch.dtype) -> None:
    u = torch.tensor([0.0, 1.0, 1e-45, 0.0, 1.0], dtype=dtype, requires_grad=True)
    loss = error_bce(u, torch.tensor([True, False, True, False, True]))
    loss.backward()
    assert bool(loss.isfinite())
    assert u.grad is not None
    assert u.grad.isfinite().all()


@pytest.mark.parametrize("error", [False, True])
def test_no_row_can_poison_a_batch_through_log_smoothmax(error: bool) -> None:
    logits = torch.tensor([[0.0, 200.0], [0.0, 95.0], [0.0, 0.0], [1.0, 0.0]], requires_grad=True)
    error_bce(uncertainty(logits, "log_smoothmax", 100.0), torch.full((4,), error)).backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert logits.grad[3].ne(0).all()


def test_a_confident_mistake_teaches_log_smoothmax_as_much_as_a_doubtful_one() -> None:
    logits = torch.tensor([[40.0, 0.0], [5.0, 0.0]], requires_grad=True)
    error_bce(uncertainty(logits, "log_smoothmax", 100.0), torch.ones(2, dtype=torch.bool)).backward()
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad[0], logits.grad[1], rtol=0.02, atol=0)


def test_softmax_regularisation_equals_a_loop() -> None:
    anchor = torch.tensor([0.2, 0.8, 0.5], dtype=torch.float64)
    for row, loss in zip(U.tolist(), softmax_regularisation(U, anchor).tolist(), strict=True):
        assert loss == pytest.approx(sum((u - a) ** 2 for u, a in zip(row, anchor.tolist(), strict=True)) / 3)


def test_l2_sp_equals_a_loop_for_one_head_and_for_a_stack() -> None:
    weights = [torch.randn(3, 2, 4, dtype=torch.float64), torch.randn(3, 2, dtype=torch.float64)]
    start = [torch.randn(2, 4, dtype=torch.float64), torch.randn(2, dtype=torch.float64)]
    stacked = l2_sp(weights, start, stack_dims=1)
    for head in range(3):
        pairs = [
            (a, b)
            for weight, origin in zip(weights, start, strict=True)
            for a, b in zip(weight[head].flatten().tolist(), origin.flatten().tolist(), strict=True)
        ]
        expected = sum((a - b) ** 2 for a, b in pairs)
        assert float(stacked[head]) == pytest.approx(expected)
        assert float(l2_sp([weight[head] for weight in weights], start)) == pytest.approx(expected)


def test_l2_sp_and_its_gradient_are_exactly_zero_at_the_start() -> None:
    start = torch.randn(4, 3)
    weight = start.clone().requires_grad_()
    distance = l2_sp([weight], [start])
    distance.backward()
    assert distance == 0
    assert weight.grad is not None
    assert weight.grad.eq(0).all()


def test_gradients_equal_finite_differences() -> None:
    u = U.clone().requires_grad_()
    weights = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)
    start = torch.randn(3, 2, dtype=torch.float64)

    def distance(w: Tensor) -> Tensor:
        return l2_sp([w], [start], stack_dims=1)

    assert torch.autograd.gradcheck(lambda v: error_bce(v, ERRORS), u)
    assert torch.autograd.gradcheck(lambda v: softmax_regularisation(v, ERRORS.double()), u)
    assert torch.autograd.gradcheck(distance, weights)


def test_pairwise_ranking_equals_a_loop_over_pairs() -> None:
    u, errors = torch.tensor([2.0, -1.0, 0.5, 3.0]), torch.tensor([True, False, True, False])
    pairs = [(wrong, right) for wrong in (2.0, 0.5) for right in (-1.0, 3.0)]
    expected = sum(math.log1p(math.exp(right - wrong)) for wrong, right in pairs) / len(pairs)
    assert float(pairwise_ranking(u, errors)) == pytest.approx(expected)


def test_pairwise_ranking_bounds_the_share_of_pairs_in_the_wrong_order() -> None:
    u, errors = torch.randn(50, generator=torch.Generator().manual_seed(0)), torch.arange(50) % 3 == 0
    wrong_order = (u[~errors].unsqueeze(0) >= u[errors].unsqueeze(1)).float().mean()
    assert float(pairwise_ranking(u, errors)) >= math.log(2) * float(wrong_order)
