"""What fitting a head to a classifier takes, what is written down of it, and when its result is suspicious."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

from adue.foundation.config import AutoSettings, FitSettings, Grid, Provenance
from adue.foundation.errors import DataWarning
from adue.heads.fitted import FittedHead
from adue.models.features.classifier import FrozenClassifier
from adue.models.trained.origin import Origin


class ExtractOptions(TypedDict, total=False):
    """What ``extract`` of every task takes beside the rows: see :meth:`adue.AdueModel.extract`."""

    batch_size: int
    cache: Path | None
    on_progress: Callable[[int], None] | None


class FitOptions(ExtractOptions, total=False):
    """What ``fit`` of every task takes beside the data: see :meth:`adue.AdueModel.fit`."""

    grid: str | Path | Grid | None
    settings: AutoSettings | FitSettings | None
    on_epoch: Callable[[int], None] | None


def describe(
    classifier: FrozenClassifier, origin: Origin, head_path: str | None, data_sha256: str | None
) -> Provenance:
    """Return what is saved beside a head about the classifier that it belongs to, and the data it learned from."""
    return Provenance(
        adapter_sha256=origin.sha256,
        base_model=origin.base_model,
        base_model_revision=origin.base_model_revision,
        model_type=classifier.config.model_type,
        dtype=str(classifier.dtype).removeprefix("torch."),
        merged=origin.merged,
        max_length=classifier.max_length,
        reading=classifier.reading,
        head_source=origin.head_source,
        head_path=head_path,
        training_data_sha256=data_sha256,
    )


def warn_of_token_types(classifier: FrozenClassifier) -> None:
    """Warn of pairs whose second text is not marked as such, although the model has a mark for it."""
    names, types = classifier.tokenizer.model_input_names, getattr(classifier.config, "type_vocab_size", 0)
    if classifier.reading.pairs and types > 1 and "token_type_ids" not in names:
        warnings.warn(
            "the tokenizer gives no token_type_ids, so the model reads both texts of a pair as the first; if it was "
            'trained with them (transformers 4 gave them by default), add "model_input_names": ["input_ids", '
            '"token_type_ids", "attention_mask"] to tokenizer_config.json',
            DataWarning,
            stacklevel=3,
        )


def warn_if_useless(fitted: FittedHead) -> None:
    """Warn of a classifier that is no better on the validation rows than always giving one answer."""
    metrics = fitted.config.metrics
    if metrics.validation_accuracy <= metrics.validation_majority_accuracy:
        warnings.warn(
            f"the classifier is right on {metrics.validation_accuracy:.1%} of the validation rows, always answering "
            f"the commonest class on {metrics.validation_majority_accuracy:.1%}: check labels and base model first",
            DataWarning,
            stacklevel=3,
        )
