"""Methods that need more than one forward pass: dropout left on, drawn adapter weights, several adapters."""

from collections.abc import Callable

import torch
from torch import Tensor

from adue.foundation.errors import DataError
from adue.research.methods.method import FitRows, Method, Sampling, Scorer, ScoreRows
from adue.scores.samples import (
    bald,
    predictive_entropy,
    sampled_answer_probability,
    sampled_max_probability,
    variation_ratio,
)

Score = Callable[[Tensor], Tensor]
"""From logits of shape (samples, rows, classes) to u of shape (rows,)."""


def _drawn(kind: Sampling, rows: ScoreRows) -> Tensor:
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


def _sampled(name: str, source: str, kind: Sampling, score: Score) -> Method:
    def fit(_: FitRows) -> Scorer:
        return lambda rows: score(_drawn(kind, rows))

    return Method(name, source, fit, sampling=kind)


def _ensemble(name: str, source: str, score: Score) -> Method:
    def fit(_: FitRows) -> Scorer:
        return lambda rows: score(_members(rows))

    return Method(name, source, fit, ensemble=True)


def _sampled_answer(name: str, source: str, kind: Sampling) -> Method:
    def fit(_: FitRows) -> Scorer:
        return lambda rows: sampled_answer_probability(_drawn(kind, rows), rows.rows.predictions)

    return Method(name, source, fit, sampling=kind, probability=True)


def _ensemble_answer(name: str, source: str) -> Method:
    def fit(_: FitRows) -> Scorer:
        return lambda rows: sampled_answer_probability(_members(rows), rows.rows.predictions)

    return Method(name, source, fit, ensemble=True, probability=True)


_DROPOUT = "Gal and Ghahramani 2016, arXiv 1506.02142"
_BALD = "Houlsby et al. 2011, arXiv 1112.5745; Gal et al. 2017, arXiv 1703.02910"
_ENSEMBLE = "Lakshminarayanan et al. 2017, arXiv 1612.01474; of LoRA adapters: Wang et al. 2023, arXiv 2310.00035"

# "answer": the mean probability of the classifier's own answer, which is what is judged; "max-probability", as in the
# literature, speaks of the averaged answer, and is no probability that the classifier's own is wrong.
SAMPLED_METHODS: tuple[Method, ...] = (
    _sampled("mc-dropout-predictive-entropy", _DROPOUT, "mc-dropout", predictive_entropy),
    _sampled("mc-dropout-bald", _BALD, "mc-dropout", bald),
    _sampled("mc-dropout-variation-ratio", _DROPOUT, "mc-dropout", variation_ratio),
    _sampled("mc-dropout-sampled-max-probability", _DROPOUT, "mc-dropout", sampled_max_probability),
    _sampled_answer("mc-dropout-answer-probability", f"{_DROPOUT}; adue", "mc-dropout"),
    _sampled_answer("lora-laplace", "Yang et al. 2023, arXiv 2308.13111", "lora-laplace"),
    _ensemble_answer("deep-ensemble", _ENSEMBLE),
    _ensemble("deep-ensemble-max-probability", _ENSEMBLE, sampled_max_probability),
    _ensemble("deep-ensemble-entropy", _ENSEMBLE, predictive_entropy),
    _ensemble("deep-ensemble-bald", _BALD, bald),
)
"""Each of them costs several forward passes per row; none is fitted."""
