import pytest
import torch
from torch import nn

from adue.training.dropout import QuickDropout, quick_dropout, quick_dropouts


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_the_share_of_zeros_is_the_probability_and_the_mean_stays(probability: float) -> None:
    dropped = quick_dropout(torch.ones(1000, 1001), probability)
    assert float((dropped == 0).float().mean()) == pytest.approx(probability, abs=2e-3)
    assert float(dropped.mean()) == pytest.approx(1, abs=1e-2)


def test_all_four_shares_of_a_draw_are_dropped_alike_and_apart() -> None:
    kept = (quick_dropout(torch.ones(100_000, 4), 0.5) > 0).double()
    assert kept.mean(0).tolist() == pytest.approx([0.5] * 4, abs=1e-2)
    assert (torch.corrcoef(kept.T) - torch.eye(4)).abs().max() < 1e-2


def test_nothing_or_everything_is_dropped_at_the_ends() -> None:
    values = torch.randn(3, 5)
    assert torch.equal(quick_dropout(values, 0.0), values)
    assert not quick_dropout(values, 1.0).any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(), (1,), (2, 3, 7)])
def test_shape_and_type_are_those_of_the_values(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    dropped = quick_dropout(torch.ones(shape, dtype=dtype), 0.5)
    assert (dropped.shape, dropped.dtype) == (torch.Size(shape), dtype)


def test_gradients_reach_what_was_kept_and_nothing_else() -> None:
    values = torch.randn(50, 50, requires_grad=True)
    dropped = quick_dropout(values, 0.25)
    dropped.sum().backward()
    assert values.grad is not None
    torch.testing.assert_close(values.grad, (dropped / values).detach())


def test_the_same_seed_drops_the_same() -> None:
    values = torch.ones(100)
    first = quick_dropout(values, 0.5)
    other = quick_dropout(values, 0.5)
    torch.manual_seed(0)
    assert torch.equal(quick_dropout(values, 0.5), first)
    assert not torch.equal(first, other)


def test_layers_are_replaced_inside_the_block_only_and_follow_the_model_s_mode() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.ModuleDict({"default": nn.Dropout(0.1)}))
    before = list(model.modules())
    with quick_dropouts(model):
        inside = [module for module in model.modules() if isinstance(module, nn.Dropout)]
        assert [(type(module), module.p) for module in inside] == [(QuickDropout, 0.5), (QuickDropout, 0.1)]
        model.eval()
        assert torch.equal(inside[0](torch.ones(64)), torch.ones(64))
        inside[0].train()
        assert (inside[0](torch.ones(64)) == 0).any()
    assert all(now is then for now, then in zip(model.modules(), before, strict=True))
    assert not any(module.training for module in model.modules())


def test_layers_are_put_back_after_an_error() -> None:
    model = nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.5))
    with pytest.raises(KeyboardInterrupt), quick_dropouts(model):
        raise KeyboardInterrupt
    assert type(model[1]) is nn.Dropout
