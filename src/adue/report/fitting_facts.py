"""The facts of a fit, as terms and values: which classifier, which head, which data, which versions."""

from dataclasses import dataclass
from importlib.metadata import version

from adue.foundation.config import AdueConfig, Provenance
from adue.report.numbers import count, decimal, percent
from adue.report.results import EvaluationResult
from adue.report.sentences import HEAD_NAMES

HASH_LENGTH = 12


@dataclass(frozen=True)
class Fact:
    """A term, its value, and the full value where the shown one is shortened."""

    term: str
    value: str
    full: str | None = None


@dataclass(frozen=True)
class FactGroup:
    """Facts under one heading."""

    heading: str
    facts: list[Fact]


def fact_groups(evaluation: EvaluationResult) -> list[FactGroup]:
    """Return the facts about classifier, head, fitting data and versions."""
    config = evaluation.config
    return [
        FactGroup("Classifier", _classifier(evaluation.adapter, config)),
        FactGroup("Uncertainty head", _head(config)),
        FactGroup("Fitting data", _data(config)),
        FactGroup("This report", _report(evaluation)),
    ]


def _classifier(adapter: str, config: AdueConfig) -> list[Fact]:
    facts = [Fact("Adapter", adapter)]
    if config.provenance is None:
        facts.append(Fact("Origin", "not recorded: the head was fitted on arrays"))
    else:
        facts += origin_facts(config.provenance)
    return [*facts, Fact("Classes", ", ".join(config.id2label[index] for index in sorted(config.id2label)))]


def origin_facts(provenance: Provenance) -> list[Fact]:
    """Return where the classifier comes from, and how it reads texts."""
    revision = provenance.base_model_revision
    return [
        hash_fact("Adapter hash", provenance.adapter_sha256),
        Fact("Base model", provenance.base_model + (f" at {revision}" if revision else "")),
        Fact("Model type", f"{provenance.model_type}, {provenance.dtype}" + (", merged" if provenance.merged else "")),
        Fact("Classification head", f"from the {provenance.head_source}"),
        Fact("Longest text", count(provenance.max_length, "token")),
    ]


def _head(config: AdueConfig) -> list[Fact]:
    settings, chosen = config.settings, config.hyperparameters
    sharpness = "" if settings.used_sharpness is None else f", sharpness {settings.used_sharpness:g}"
    of_grid = []
    if chosen is not None:
        of_grid = [
            Fact("Learning rate", f"{chosen.learning_rate:g}"),
            Fact("Pull to softmax response (alpha)", f"{chosen.alpha:g}"),
            Fact("Pull to starting weights (beta)", f"{chosen.beta:g}"),
            Fact("Epochs", f"{config.metrics.epochs} of at most {settings.most_epochs}"),
        ]
    return [
        Fact("Score", HEAD_NAMES[settings.score] + sharpness),
        *of_grid,
        Fact("Seed", str(settings.seed)),
        hash_fact("Head hash", config.head_sha256),
    ]


def _data(config: AdueConfig) -> list[Fact]:
    metrics, provenance = config.metrics, config.provenance
    fingerprint = None if provenance is None else provenance.training_data_sha256
    return [
        Fact("Training", f"{count(metrics.train_rows, 'row')}, {count(metrics.train_errors, 'error')}"),
        Fact("Validation", f"{count(metrics.validation_rows, 'row')}, {count(metrics.validation_errors, 'error')}"),
        Fact("Validation AUROC, AdUE", decimal(metrics.validation_auroc)),
        Fact("Validation AUROC, softmax response", decimal(metrics.validation_auroc_softmax_response)),
        Fact("Validation majority class", percent(metrics.validation_majority_accuracy)),
        hash_fact("Training data fingerprint", fingerprint) if fingerprint else Fact("Training data", "not recorded"),
    ]


def _report(evaluation: EvaluationResult) -> list[Fact]:
    config = evaluation.config
    return [
        Fact("Evaluated on", evaluation.data),
        *([] if evaluation.limit is None else [Fact("Texts read", str(evaluation.limit))]),
        *(Fact("Texts cut", note) for note in evaluation.notes_cut),
        Fact("Head written by", f"adue {config.adue_version}, format {config.format_version}"),
        Fact("Report written by", f"adue {version('adue')}"),
    ]


def hash_fact(term: str, digest: str) -> Fact:
    """Return a digest as a fact, shortened."""
    return Fact(term, digest[:HASH_LENGTH], full=digest)
