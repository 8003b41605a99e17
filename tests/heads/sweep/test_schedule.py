import pytest
import torch
from torch.optim.lr_scheduler import OneCycleLR

from adue.foundation.config import FitSettings
from adue.heads.sweep.schedule import one_cycle_shares, steps_per_epoch


def test_the_rate_rises_for_a_tenth_of_the_steps_and_then_falls_to_nearly_nothing() -> None:
    shares = one_cycle_shares(FitSettings(max_epochs=10), rows=2560)
    assert len(shares) == 100
    assert shares[0] == pytest.approx(1 / 25)
    assert shares[9] == max(shares) == pytest.approx(1.0)
    assert shares[-1] == pytest.approx(1 / 25 / 1e4, rel=1e-3)


def test_it_is_the_schedule_of_torch() -> None:
    optimizer = torch.optim.Adam([torch.zeros(1)], lr=0.3)
    schedule = OneCycleLR(optimizer, 0.3, total_steps=40, pct_start=0.25, cycle_momentum=False)
    rates = [schedule.get_last_lr()[0]]
    for _ in range(39):
        optimizer.step()
        schedule.step()
        rates.append(schedule.get_last_lr()[0])
    settings = FitSettings(max_epochs=4, warmup_fraction=0.25, batch_size=10)
    assert [0.3 * share for share in one_cycle_shares(settings, rows=100)] == pytest.approx(rates)


def test_the_last_batch_of_an_epoch_may_be_smaller() -> None:
    assert [steps_per_epoch(FitSettings(batch_size=10), rows) for rows in (10, 11, 20, 1)] == [1, 2, 2, 1]
