"""AdueModelForTokenClassification: how far to trust the class of each word, and each entity made of them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from datasets import Dataset
from jaxtyping import Float, Int
from peft import TaskType
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from adue.datasets import fingerprint
from adue.foundation.config import AutoSettings, FitSettings, Grid
from adue.foundation.errors import DataError
from adue.foundation.types import AdueOutput, FeatureSet
from adue.heads.fitted import FittedHead
from adue.models.base import BaseAdueModel, load_saved
from adue.models.features.batches import BATCH_SIZE
from adue.models.features.extract import extract
from adue.models.features.loading import Origin, origin_in_memory
from adue.models.tasks.entities import Aggregate, Span, bio_spans, span_uncertainty
from adue.models.tasks.tagger import FrozenTagger


@dataclass(frozen=True)
class Entity:
    """An entity that the classifier found, and U in [0, 1] that it is not one of exactly these words and this type."""

    span: Span
    uncertainty: float


@dataclass(frozen=True)
class TaggedSentence:
    """What the classifier answers for one sentence, word by word, and how far to trust it.

    Attributes
    ----------
    labels
        Class ids, ``argmax`` of the classifier's logits at the first token of each word.
    label_names
        The same by name.
    probabilities
        Softmax of the classifier's logits.
    uncertainty
        U in [0, 1]; higher means more likely wrong.
    entities
        Spans of BIO labels; none where the labels are of another kind.
    """

    labels: Int[np.ndarray, " words"]
    label_names: list[str]
    probabilities: Float[np.ndarray, "words classes"]
    uncertainty: Float[np.ndarray, " words"]
    entities: list[Entity]


class AdueModelForTokenClassification(BaseAdueModel):
    """A token classifier that is only read, and the uncertainty head fitted to it; its rows are words.

    Parameters
    ----------
    model
        A token classification model, or a PEFT model around one. Nothing of it is ever changed.
    tokenizer
        Its tokenizer, with a padding token.
    head
        Path of the last linear layer, for an architecture whose head cannot be found.
    max_length
        Longest sentence in tokens; by default what model and tokenizer allow, 512 at most.

    Examples
    --------
    >>> model = AdueModelForTokenClassification.from_pretrained("path/to/adapter")  # doctest: +SKIP
    >>> model.fit(train, validation).save_pretrained("path/to/adapter")  # doctest: +SKIP
    >>> model.predict([["Ada", "Lovelace", "wrote"]])[0].entities  # doctest: +SKIP
    """

    def __init__(
        self,
        model: nn.Module,
        tokenizer: PreTrainedTokenizerBase,
        *,
        head: str | None = None,
        max_length: int | None = None,
        fitted: FittedHead | None = None,
        origin: Origin | None = None,
    ) -> None:
        classifier = FrozenTagger.wrap(model, tokenizer, head=head, max_length=max_length)
        super().__init__(classifier, origin or origin_in_memory(model), fitted, head)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        revision: str | None = None,
        head: str | None = None,
        max_length: int | None = None,
        with_head: bool = True,
        **options: Any,
    ) -> Self:
        """Return the adapter (or whole model) in a folder or on the hub, with its head if it has one.

        See :meth:`adue.AdueModel.from_pretrained`; the parameters and errors are the same.
        """
        saved = load_saved(name, TaskType.TOKEN_CLS, revision=revision, with_head=with_head, **options)
        return cls(
            saved.loaded.model,
            saved.loaded.tokenizer,
            head=head or saved.head_path,
            max_length=max_length or saved.max_length,
            fitted=saved.fitted,
            origin=saved.loaded.origin,
        )

    def extract(
        self,
        sentences: Sequence[Sequence[str]],
        tags: Sequence[Sequence[int]] | None = None,
        *,
        batch_size: int = BATCH_SIZE,
        cache: Path | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> FeatureSet:
        """Return features and logits of all words, sentence after sentence.

        See :func:`adue.models.features.extract.extract` for the other parameters.

        Raises
        ------
        DataError
            When a sentence and its tags differ in length, or a sentence is too long for the model.
        """
        labels = None if tags is None else _flat(sentences, tags)
        return extract(self.classifier, sentences, labels, batch_size=batch_size, cache=cache, on_progress=on_progress)

    def fit(
        self,
        train: Dataset,
        validation: Dataset,
        *,
        tokens_column: str = "tokens",
        tags_column: str = "ner_tags",
        grid: str | Path | Grid | None = None,
        settings: AutoSettings | FitSettings | None = None,
        batch_size: int = BATCH_SIZE,
        cache: Path | None = None,
        on_progress: Callable[[int], None] | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> Self:
        """Fit the uncertainty head on words and return the model; the classifier is left as it is.

        Parameters
        ----------
        train, validation
            Data sets with one sentence per row: a list of words and a list of class ids. The second must be
            sentences that the classifier was not trained on.
        tokens_column, tags_column
            What these two columns are called.
        grid
            The heads to train: ``paper`` (the default), ``fast``, a YAML file or a Grid. ``auto`` takes none.
        settings
            How U is fitted: by default ``auto``, ``PRESETS["paper"]`` for the paper's method.
        cache
            Folder for features, so that a stopped run goes on and the next one need not extract again.

        Raises
        ------
        DataError
            When there are no errors (or only errors) to learn from, or values are not finite.
        """
        features = [
            self.extract(
                rows[tokens_column][:],
                rows[tags_column][:],
                batch_size=batch_size,
                cache=cache,
                on_progress=on_progress,
            )
            for rows in (train, validation)
        ]
        data_sha256 = _fingerprint(train[tokens_column][:], train[tags_column][:])
        return self.fit_features(*features, grid=grid, settings=settings, data_sha256=data_sha256, on_epoch=on_epoch)

    @torch.no_grad()
    def __call__(self, **inputs: Tensor) -> AdueOutput:
        """Return logits and U at every token of tokenized `inputs`, shapes (rows, tokens, classes), (rows, tokens)."""
        features, logits = self.classifier.forward(inputs)
        u = self._head().uncertainty(features.flatten(0, 1), logits.flatten(0, 1))
        return AdueOutput(logits, u.view(logits.shape[:2]))

    def predict(
        self, sentences: Sequence[Sequence[str]], *, entity_uncertainty: Aggregate = "max", batch_size: int = BATCH_SIZE
    ) -> list[TaggedSentence]:
        """Return labels, probabilities, U and entities of `sentences`, in their order.

        Parameters
        ----------
        sentences
            Each a list of words.
        entity_uncertainty
            How U of an entity follows from U of its words: the largest, the mean, or 1 minus the product of 1 - U.

        Raises
        ------
        ArtifactError
            When no head has been fitted.
        DataError
            When a sentence is too long for the model.
        """
        head = self._head()
        rows = self.extract(sentences, batch_size=batch_size)
        labels = rows.predictions.numpy()
        probabilities, u = (
            rows.logits.softmax(dim=-1).numpy(),
            head.uncertainty(rows.features, rows.logits).cpu().numpy(),
        )
        return [
            self._tagged(labels[start:end], probabilities[start:end], u[start:end], entity_uncertainty)
            for start, end in pairwise(accumulate(map(len, sentences), initial=0))
        ]

    def _tagged(
        self, labels: np.ndarray, probabilities: np.ndarray, u: np.ndarray, aggregate: Aggregate
    ) -> TaggedSentence:
        names = [self.id2label[int(label)] for label in labels]
        entities = [Entity(span, span_uncertainty(u, span, aggregate)) for span in bio_spans(names)]
        return TaggedSentence(labels, names, probabilities, u, entities)


def _flat(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[int]]) -> list[int]:
    if len(sentences) != len(tags):
        raise DataError(f"{len(sentences)} sentences have {len(tags)} lists of tags; give one list per sentence")
    for index, (words, labels) in enumerate(zip(sentences, tags, strict=True)):
        if len(words) != len(labels):
            raise DataError(f"sentence {index} has {len(words)} words and {len(labels)} tags; give one tag per word")
    return [label for labels in tags for label in labels]


def _fingerprint(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[int]]) -> str:
    return fingerprint(
        Dataset.from_dict({"text": [json.dumps(words) for words in sentences], "label": [str(ids) for ids in tags]})
    )
