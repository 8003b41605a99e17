"""AdueModelForTokenClassification: how far to trust the class of each word, and each entity made of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Self, Unpack

import numpy as np
import torch
from jaxtyping import Float, Int
from peft import TaskType
from torch import Tensor

from adue.foundation.errors import DataError
from adue.foundation.types import AdueOutput, FeatureSet, Predictions
from adue.models.base import BaseAdueModel
from adue.models.features.batches import BATCH_SIZE
from adue.models.fitting import ExtractOptions, FitOptions
from adue.models.tasks.entities import Aggregate, Span, bio_spans, span_uncertainty
from adue.models.tasks.tagger import FrozenTagger

if TYPE_CHECKING:
    from datasets import Dataset


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
        Longest sentence in tokens; by default what model and tokenizer allow.

    Examples
    --------
    >>> model = AdueModelForTokenClassification.from_pretrained("path/to/adapter")  # doctest: +SKIP
    >>> model.fit(train, validation).save_pretrained("path/to/adapter")  # doctest: +SKIP
    >>> model.predict([["Ada", "Lovelace", "wrote"]])[0].entities  # doctest: +SKIP
    """

    task = TaskType.TOKEN_CLS
    frozen = FrozenTagger

    def extract(
        self,
        sentences: Iterable[Sequence[str]],
        tags: Sequence[Sequence[int]] | None = None,
        **options: Unpack[ExtractOptions],
    ) -> FeatureSet:
        """Return features and logits of all words, sentence after sentence.

        See :func:`adue.models.features.extract.extract` for the other parameters.

        Raises
        ------
        DataError
            When a sentence and its tags differ in length, or a sentence is too long for the model.
        """
        if tags is None:
            return super().extract(sentences, **options)
        sentences = list(sentences)
        return super().extract(sentences, _flatten(sentences, tags), **options)

    def fit(
        self,
        train: "Dataset",
        validation: "Dataset",
        *,
        tokens_column: str = "tokens",
        tags_column: str = "ner_tags",
        **options: Unpack[FitOptions],
    ) -> Self:
        """Fit the uncertainty head on words and return the model; the classifier is left as it is.

        Parameters
        ----------
        train, validation
            Data sets with one sentence per row: a list of words and a list of class ids. The second must be
            sentences that the classifier was not trained on.
        tokens_column, tags_column
            What these two columns are called.
        **options
            ``grid``, ``settings``, ``batch_size``, ``cache``, ``on_progress``, ``on_epoch``: see
            :meth:`adue.AdueModel.fit`.

        Raises
        ------
        DataError
            When there are no errors (or only errors) to learn from, or values are not finite.
        """
        names = {tokens_column: "text", tags_column: "label"}
        rows = [given.select_columns([*names]).rename_columns(names) for given in (train, validation)]
        return super().fit(*rows, **options)

    def _fingerprint(self, rows: "Dataset") -> str:
        columns = {"text": [json.dumps(words) for words in rows["text"]], "label": [str(ids) for ids in rows["label"]]}
        return super()._fingerprint(rows.from_dict(columns))

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
        answers = self._predict(sentences, batch_size)
        return [
            self._tag_sentence(answers, slice(start, end), entity_uncertainty)
            for start, end in pairwise(accumulate(map(len, sentences), initial=0))
        ]

    def _tag_sentence(self, answers: Predictions, words: slice, aggregate: Aggregate) -> TaggedSentence:
        names, u = answers.label_names[words], answers.uncertainty[words]
        entities = [Entity(span, span_uncertainty(u, span, aggregate)) for span in bio_spans(names)]
        return TaggedSentence(answers.labels[words], names, answers.probabilities[words], u, entities)


def _flatten(sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[int]]) -> list[int]:
    if len(sentences) != len(tags):
        raise DataError(f"{len(sentences)} sentences have {len(tags)} lists of tags; give one list per sentence")
    for index, (words, labels) in enumerate(zip(sentences, tags, strict=True)):
        if len(words) != len(labels):
            raise DataError(f"sentence {index} has {len(words)} words and {len(labels)} tags; give one tag per word")
    return [label for labels in tags for label in labels]
