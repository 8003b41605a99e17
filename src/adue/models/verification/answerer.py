"""Who answers: what the comparison asks of a classifier with its head, whatever computes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from adue.foundation.config import Setup
from adue.heads.fitted import FittedHead
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.models.trained.origin import Origin

LIBRARIES = ("adue", "torch", "transformers", "peft", "tokenizers")
"""Whose versions are kept with the answers."""


class Answered(NamedTuple):
    """Logits, shape (rows, classes), and U, shape (rows,), in float32 on the processor."""

    logits: Tensor
    uncertainty: Tensor


class Answerer(Protocol):
    """A classifier with its head."""

    @property
    def setup(self) -> Setup:
        """Under what it answers."""

    def rows_of(self, text: Any, /) -> int:
        """Return how many rows one text gives."""

    def count_tokens(self, texts: Sequence[Any], /) -> list[int]:
        """Return how many tokens of each text are read."""

    def answer(self, texts: Sequence[Any], /) -> Answered:
        """Return the answers to all rows of `texts`."""

    def answer_ids(self, token_ids: Sequence[Sequence[int]], /) -> Answered:
        """Return the answers to sequences of token ids, read as they are and in one batch."""


@dataclass(frozen=True)
class ClassifierAnswerer:
    """A frozen classifier, where it came from, and the head fitted to it."""

    classifier: FrozenClassifier
    origin: Origin
    fitted: FittedHead
    batch_size: int = 1

    @property
    def setup(self) -> Setup:
        """Under what it answers."""
        return Setup(
            versions=library_versions(),
            dtype=str(self.classifier.dtype).removeprefix("torch."),
            merged=self.origin.merged,
            backend=self.classifier.backend,
            device=self.classifier.device.type,
            attention=getattr(self.classifier.config, "_attn_implementation", None),
            adapter=dict(self.origin.settings),
        )

    def rows_of(self, text: Any) -> int:
        """Return how many rows one text gives."""
        return self.classifier.rows_of(text)

    def count_tokens(self, texts: Sequence[Any]) -> list[int]:
        """Return how many tokens of each text are read."""
        return [encoding.tokens for encoding in self.classifier.tokenize(texts)]

    def answer(self, texts: Sequence[Any]) -> Answered:
        """Return the answers to all rows of `texts`."""
        rows = extract(self.classifier, texts, batch_size=self.batch_size)
        return self._with_uncertainty(rows.features, rows.logits)

    def answer_ids(self, token_ids: Sequence[Sequence[int]]) -> Answered:
        """Return the answers to sequences of token ids, read as they are and in one batch."""
        batch = self.classifier.collate([self.classifier.encode_ids(ids) for ids in token_ids])
        features, logits = self.classifier.forward(batch)
        return self._with_uncertainty(features.float().cpu(), logits.float().cpu())

    def _with_uncertainty(self, features: Tensor, logits: Tensor) -> Answered:
        with torch.no_grad():
            return Answered(logits, self.fitted.uncertainty(features, logits).float().cpu())


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that an answer depends on."""
    return {name: version(name) for name in LIBRARIES}
