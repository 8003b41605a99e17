"""What turns U into the probability that an answer is wrong; ranks and thresholds stay on raw U."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from adue.decisions.engine import Engine
from adue.foundation.config import Digest, FrozenConfig, SavedConfig

CALIBRATOR_VERSION = 1
"""Version of the file ``adue_calibrator.json``."""

CalibrationMethod = Literal["platt", "beta", "temperature", "isotonic", "venn-abers"]


class CalibrationFigures(FrozenConfig):
    """How well probabilities fit, measured by cross-validation on the calibration rows.

    Attributes
    ----------
    brier
        Mean squared distance from what happened.
    ece, adaptive_ece
        Expected calibration error in [0, 1]: over 15 bins of equal width, and of equal numbers of rows.
    """

    brier: float
    ece: float
    adaptive_ece: float


class CalibratorConfig(SavedConfig):
    """A fitted calibrator: numbers, no code; bound to the head and the engine whose U it was fitted on."""

    cure: ClassVar[str] = "fit it again with adue calibrate"

    format_version: int = CALIBRATOR_VERSION
    method: CalibrationMethod
    parameters: dict[str, Annotated[list[float], Field(min_length=1)]]
    """What the method needs, by name; docs/decisions.md has the formulas."""
    head_sha256: Digest
    engine: Engine
    rows: int = Field(gt=0)
    errors: int = Field(gt=0)
    before: CalibrationFigures
    after: CalibrationFigures
    data_sha256: Digest | None = None
