"""Training: every head of a grid at once, as one stack of tensors, with gradients in closed form."""

from adue.sweep.batches import balanced_rows, fewer_right_rows
from adue.sweep.fit import fit_heads
from adue.sweep.result import SweepResult
from adue.sweep.schedule import one_cycle
from adue.sweep.stack import Weights

__all__ = ["SweepResult", "Weights", "balanced_rows", "fewer_right_rows", "fit_heads", "one_cycle"]
