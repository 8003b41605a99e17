"""Methods that need the classifier's logits only: the scores of the registry, and one with a fitted temperature."""

from functools import cache

from torch import Tensor

from adue.research.methods.method import FitRows, Method, Scorer, ScoreRows
from adue.scores.registry import SCORES, Score
from adue.scores.temperature import fit_temperature, temperature_scaled


def output_methods() -> tuple[Method, ...]:
    """Return one method for each score of the logits in the registry, and temperature scaling."""
    return (*(_method(score) for score in SCORES.values() if score.needs == "logits"), TEMPERATURE_SCALED)


@cache
def _method(score: Score) -> Method:
    probability = score.error_probability

    def fit(_: FitRows) -> Scorer:
        return lambda scored: score.compute(scored.rows)

    def error_probability(scored: ScoreRows) -> Tensor:
        assert probability is not None  # noqa: S101 - used below only where there is one
        return probability(scored.rows.logits)

    return Method(score.name, score.source, fit, error_probability=error_probability if probability else None)


def _fit_temperature_scaled(rows: FitRows) -> Scorer:
    temperature = fit_temperature(rows.calibration.logits, rows.calibration.require_classes())
    return lambda scored: temperature_scaled(scored.rows.logits, temperature)


TEMPERATURE_SCALED = Method(
    "temperature-scaled", "Guo et al. 2017, arXiv 1706.04599", _fit_temperature_scaled, probability=True
)
"""Not in the registry: it needs held-out rows to learn from."""
