"""The one-cycle learning rate, as torch has it: up for the first steps, then down along a cosine."""

import warnings
from collections.abc import Sequence

import torch
from torch.optim.lr_scheduler import OneCycleLR

from adue.foundation.config import FitSettings


def one_cycle(optimizer: torch.optim.Optimizer, rates: Sequence[float], settings: FitSettings, rows: int) -> OneCycleLR:
    """Return the schedule under which each parameter group rises to its rate and falls again, over all epochs."""
    total_steps = settings.max_epochs * steps_per_epoch(settings, rows)
    # OneCycleLR divides by zero for a warm-up of one step.
    warmup = settings.warmup_fraction if settings.warmup_fraction * total_steps > 1 else 0.0
    return OneCycleLR(optimizer, list(rates), total_steps=total_steps, pct_start=warmup, cycle_momentum=False)


def one_cycle_shares(settings: FitSettings, rows: int) -> list[float]:
    """Return the learning rate of every step of all epochs, as a share of the highest one."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = one_cycle(optimizer, [1.0], settings, rows)
    shares = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step", UserWarning)
        for _ in range(settings.max_epochs * steps_per_epoch(settings, rows)):
            shares.append(float(optimizer.param_groups[0]["lr"]))
            schedule.step()
    return shares


def steps_per_epoch(settings: FitSettings, rows: int) -> int:
    """Return the number of batches in which `rows` are drawn."""
    return -(-rows // settings.batch_size)
