"""Synthetic evaluations with plausible distributions, for the tests of the report."""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from adue.foundation.config import (
    AdueConfig,
    AutoSettings,
    FitMetrics,
    FitSettings,
    HeadShape,
    HyperParameters,
    Provenance,
)
from adue.metrics import auroc_difference, auroc_interval
from adue.report.results import EvaluationResult, ScoredSet, ScoreResult, SetResult
from adue.scores import ADUE, REFERENCE

ADAPTER_SHA256 = "0123456789ab" + "c" * 52
SENTENCES = (
    "A film that knows exactly what it wants to be, and is.",
    "I kept waiting for the plot to start; it never did.",
    "Not bad, not good, and at two hours not short either.",
    "The leads are charming enough to make you forgive the third act, almost.",
)


def make_config(*, provenance: bool = True, settings: AutoSettings | FitSettings | None = None) -> AdueConfig:
    """Return the configuration of a head for two classes."""
    origin = Provenance(
        adapter_sha256=ADAPTER_SHA256,
        base_model="roberta-base",
        model_type="roberta",
        dtype="float32",
        max_length=128,
        head_source="adapter",
        training_data_sha256="f" * 64,
    )
    return AdueConfig(
        adue_version="0.1.0",
        head=HeadShape(hidden_size=768, num_labels=2, activation="tanh"),
        head_sha256="e" * 64,
        id2label={0: "negative", 1: "positive"},
        settings=settings or FitSettings(),
        hyperparameters=None if isinstance(settings, AutoSettings) else HyperParameters(),
        metrics=FitMetrics(
            train_rows=8000,
            train_errors=350,
            validation_rows=1200,
            validation_errors=170,
            validation_majority_accuracy=0.52,
            validation_auroc=0.8412,
            validation_auroc_softmax_response=0.812,
            epochs=17,
        ),
        provenance=origin if provenance else None,
    )


def make_scored(
    name: str = "test", *, rows: int = 400, error_rate: float = 0.15, seed: int = 0, texts: Sequence[str] = SENTENCES
) -> ScoredSet:
    """Return rows whose scores separate errors from correct predictions, AdUE best."""
    rng = np.random.default_rng(seed)
    errors = rng.random(rows) < error_rate
    doubt = rng.normal(size=rows) + 1.4 * errors

    def noisy(noise: float) -> ndarray:
        return doubt + noise * rng.normal(size=rows)

    confidence = 0.5 + 0.5 / (1 + np.exp(noisy(0.7) - 3.5))
    labels = rng.integers(0, 2, rows)
    scores = {
        REFERENCE: 2 * (1 - confidence),
        "entropy": 2 * (1 - confidence) ** 0.9,
        "margin": 2 * (1 - confidence),
        "energy": noisy(1.1) - 6,
        "mahalanobis": 700 + 40 * noisy(1.6),
        "relative-mahalanobis": 20 * noisy(1.2),
        ADUE: 1 / (1 + np.exp(2.2 - 1.3 * noisy(0.3))),
    }
    return ScoredSet(
        name=name,
        texts=[texts[row % len(texts)] for row in range(rows)],
        labels=labels,
        predictions=np.where(errors, 1 - labels, labels),
        confidence=confidence,
        scores=scores,
    )


def make_result(
    scored: ScoredSet, *, human_correlation: dict[str, float] | None = None, note: str | None = None
) -> SetResult:
    """Return the table that belongs to these rows; without scores where a `note` says why."""
    errors = scored.errors
    rows = [
        ScoreResult(
            name=name,
            auroc=auroc_interval(u, errors, resamples=50),
            difference=auroc_difference(u, scored.reference, errors, resamples=50),
        )
        for name, u in scored.scores.items()
        if note is None
    ]
    return SetResult(
        name=scored.name,
        rows=len(errors),
        errors=int(errors.sum()),
        accuracy=float(1 - errors.mean()),
        majority_accuracy=0.52,
        scores=tuple(rows),
        human_correlation=human_correlation,
        note=note,
    )


def make_evaluation(*sets: SetResult, config: AdueConfig | None = None) -> EvaluationResult:
    """Return an evaluation of the given tables."""
    return EvaluationResult(adapter="adapters/reviews", data="reviews.jsonl", config=config or make_config(), sets=sets)
