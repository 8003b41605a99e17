"""`adue sweep`: what becomes of the uncertainty head when its hyperparameters and its data are varied."""

from adue.research.sensitivity.plan import SweepPlan
from adue.research.sensitivity.run import SensitivityResult, sensitivity

__all__ = ["SensitivityResult", "SweepPlan", "sensitivity"]
