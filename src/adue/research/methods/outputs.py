"""Methods that need the classifier's logits only."""

from collections.abc import Callable

from torch import Tensor

from adue.research.methods.method import FitRows, Method, Scorer
from adue.scores.outputs import energy, entropy, error_probability, margin, max_logit
from adue.scores.temperature import fit_temperature, temperature_scaled


def _of_logits(score: Callable[[Tensor], Tensor]) -> Callable[[FitRows], Scorer]:
    return lambda _: lambda scored: score(scored.rows.logits)


def _fit_temperature_scaled(rows: FitRows) -> Scorer:
    temperature = fit_temperature(rows.calibration.logits, rows.calibration.require_classes())
    return lambda scored: temperature_scaled(scored.rows.logits, temperature)


OUTPUT_METHODS: tuple[Method, ...] = (
    Method(
        "softmax-response",
        "Hendrycks and Gimpel 2017, arXiv 1610.02136",
        _of_logits(error_probability),
        probability=True,
    ),
    Method("entropy", "Shannon 1948; Malinin and Gales 2018, arXiv 1802.10501", _of_logits(entropy)),
    Method("margin", "Scheffer et al. 2001, IDA", _of_logits(margin)),
    Method("energy", "Liu et al. 2020, arXiv 2010.03759", _of_logits(energy)),
    Method("max-logit", "Hendrycks et al. 2022, arXiv 1911.11132", _of_logits(max_logit)),
    Method("temperature-scaled", "Guo et al. 2017, arXiv 1706.04599", _fit_temperature_scaled, probability=True),
)
"""One forward pass each, and nothing fitted but the temperature."""
