"""What is kept of a classifier's answers when its head is fitted, and under which setup they came about."""

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from adue.foundation.config import SavedAnswers, Setup
from adue.foundation.types import FeatureSet
from adue.heads.fitted import FittedHead
from adue.models.features.classifier import FrozenClassifier
from adue.models.trained.origin import Origin
from adue.models.verification.probe import answer_probe
from adue.models.verification.texts import answer_texts

LIBRARIES = ("adue", "torch", "transformers", "peft", "tokenizers")
"""Whose versions are kept."""


def setup_of(classifier: FrozenClassifier, origin: Origin) -> Setup:
    """Return the setup under which `classifier` answers now."""
    return Setup(
        versions={name: version(name) for name in LIBRARIES},
        dtype=str(classifier.dtype).removeprefix("torch."),
        merged=origin.merged,
        backend=classifier.backend,
        device=classifier.device.type,
        attention=getattr(classifier.config, "_attn_implementation", None),
    )


def with_answers(
    fitted: FittedHead,
    classifier: FrozenClassifier,
    origin: Origin,
    rows: FeatureSet,
    texts: Sequence[Any] | None,
) -> FittedHead:
    """Return `fitted` with the answers that later loads are compared with.

    Parameters
    ----------
    rows, texts
        Held-out rows and their texts, of which some are kept; without texts only the probe is.

    Raises
    ------
    DataError
        When the texts are not those of the rows.
    """
    key = fitted.config.head_sha256
    kept = (
        ()
        if texts is None
        else answer_texts(classifier, rows, fitted.uncertainty(rows.features, rows.logits).cpu(), texts, key)
    )
    answers = SavedAnswers(
        head_sha256=key, setup=setup_of(classifier, origin), probe=answer_probe(classifier, fitted), texts=kept
    )
    config = fitted.config.model_copy(update={"answers_sha256": answers.sha256})
    return replace(fitted, config=config, answers=answers)
