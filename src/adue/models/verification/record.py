"""What is kept of a classifier's answers when its head is fitted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adue.foundation.config import SavedAnswers
from adue.foundation.types import FeatureSet
from adue.heads.fitted import FittedHead
from adue.models.features.classifier import FrozenClassifier
from adue.models.trained.origin import Origin
from adue.models.verification.answerer import ClassifierAnswerer
from adue.models.verification.probe import answer_probe, probe_ids
from adue.models.verification.texts import choose_texts


def with_answers(
    fitted: FittedHead, classifier: FrozenClassifier, origin: Origin, rows: FeatureSet, texts: Sequence[Any] | None
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
    answerer = ClassifierAnswerer(classifier, origin, fitted)
    key = fitted.config.head_sha256
    answers = SavedAnswers(
        head_sha256=key,
        setup=answerer.setup,
        probe=answer_probe(answerer, probe_ids(classifier)),
        texts=()
        if texts is None
        else choose_texts(answerer, rows, fitted.uncertainty(rows.features, rows.logits), texts, key),
    )
    config = fitted.config.model_copy(update={"answers_sha256": answers.sha256})
    return replace(fitted, config=config, answers=answers)
