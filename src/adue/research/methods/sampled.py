"""Methods that need more than one forward pass: dropout left on, drawn adapter weights, several adapters."""

from collections.abc import Callable

import torch
from torch import Tensor

from adue.foundation.errors import DataError
from adue.research.methods.method import FitRows, Method, Sampling, Scorer, ScoreRows
from adue.scores.samples import (
    answer_error_probability,
    bald,
    mean_error_probability,
    predictive_entropy,
    variation_ratio,
)

SampleScore = Callable[[Tensor], Tensor]
"""From logits of shape (samples, rows, classes) to u of shape (rows,)."""


def _draws_of(kind: Sampling, rows: ScoreRows) -> Tensor:
    if kind not in rows.samples:
        raise DataError(
            f"these rows carry no '{kind}' samples (there are: {', '.join(rows.samples) or 'none'}); "
            "draw them with adue.research.sampling and pass them as ScoreRows.samples"
        )
    return rows.samples[kind]


def _members(rows: ScoreRows) -> Tensor:
    if not rows.members:
        raise DataError("an ensemble needs the same rows seen by other adapters; pass them as ScoreRows.members")
    return torch.stack([rows.rows.logits, *(member.logits for member in rows.members)])


def _sampling_method(name: str, source: str, kind: Sampling, score: SampleScore) -> Method:
    def fit(_: FitRows) -> Scorer:
        return lambda rows: score(_draws_of(kind, rows))

    return Method(name, source, fit, sampling=kind)


def _ensemble_method(name: str, source: str, score: SampleScore) -> Method:
    def fit(_: FitRows) -> Scorer:
        return lambda rows: score(_members(rows))

    return Method(name, source, fit, ensemble=True)


def _sampling_answer_method(name: str, source: str, kind: Sampling) -> Method:
    def fit(_: FitRows) -> Scorer:
        return lambda rows: answer_error_probability(_draws_of(kind, rows), rows.rows.predictions)

    return Method(name, source, fit, sampling=kind, probability=True)


def _ensemble_answer_method(name: str, source: str) -> Method:
    def fit(_: FitRows) -> Scorer:
        return lambda rows: answer_error_probability(_members(rows), rows.rows.predictions)

    return Method(name, source, fit, ensemble=True, probability=True)


_DROPOUT = "Gal and Ghahramani 2016, arXiv 1506.02142"
_BALD = "Houlsby et al. 2011, arXiv 1112.5745; Gal et al. 2017, arXiv 1703.02910"
_ENSEMBLE = "Lakshminarayanan et al. 2017, arXiv 1612.01474; of LoRA adapters: Wang et al. 2023, arXiv 2310.00035"

# "answer": the mean probability of the classifier's own answer, which is what is judged; "max-probability", as in the
# literature, speaks of the averaged answer, and is no probability that the classifier's own is wrong.
SAMPLED_METHODS: tuple[Method, ...] = (
    _sampling_method("mc-dropout-predictive-entropy", _DROPOUT, "mc-dropout", predictive_entropy),
    _sampling_method("mc-dropout-bald", _BALD, "mc-dropout", bald),
    _sampling_method("mc-dropout-variation-ratio", _DROPOUT, "mc-dropout", variation_ratio),
    _sampling_method("mc-dropout-sampled-max-probability", _DROPOUT, "mc-dropout", mean_error_probability),
    _sampling_answer_method("mc-dropout-answer-probability", f"{_DROPOUT}; adue", "mc-dropout"),
    _sampling_answer_method("lora-laplace", "Yang et al. 2023, arXiv 2308.13111", "lora-laplace"),
    _ensemble_answer_method("deep-ensemble", _ENSEMBLE),
    _ensemble_method("deep-ensemble-max-probability", _ENSEMBLE, mean_error_probability),
    _ensemble_method("deep-ensemble-entropy", _ENSEMBLE, predictive_entropy),
    _ensemble_method("deep-ensemble-bald", _BALD, bald),
)
"""Each of them costs several forward passes per row; none is fitted."""
