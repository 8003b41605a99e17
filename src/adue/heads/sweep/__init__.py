"""Training: every head of a grid at once, as one stack of tensors, with gradients in closed form."""

from adue.heads.sweep.batches import balanced_rows, fewer_right_rows
from adue.heads.sweep.fit import fit_heads
from adue.heads.sweep.result import SweepResult
from adue.heads.sweep.schedule import one_cycle
from adue.heads.sweep.stack import Weights

__all__ = ["SweepResult", "Weights", "balanced_rows", "fewer_right_rows", "fit_heads", "one_cycle"]
