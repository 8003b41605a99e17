"""`adue sweep`: how the uncertainty head changes when its hyperparameters and its data vary."""

from adue.research.sensitivity.sweep_plan import SweepPlan
from adue.research.sensitivity.workflow import SensitivityResult, sensitivity

__all__ = ["SensitivityResult", "SweepPlan", "sensitivity"]
