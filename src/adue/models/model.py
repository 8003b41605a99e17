"""AdueModel: a frozen classifier with an uncertainty head; its labels and probabilities stay what they were."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from datasets import Dataset
from jaxtyping import Float
from peft import TaskType
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from adue.datasets import fingerprint
from adue.foundation.config import AutoSettings, FitSettings, Grid
from adue.foundation.types import AdueOutput, FeatureSet, Predictions
from adue.heads.fitted import FittedHead
from adue.models.base import BaseAdueModel, load_saved
from adue.models.features.batches import BATCH_SIZE
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.models.features.loading import Origin, origin_in_memory
from adue.models.onnx.classifier import Backend, run_by


class AdueModel(BaseAdueModel):
    """A text classifier that is only read, and the uncertainty head fitted to it.

    Parameters
    ----------
    model
        A sequence classification model, or a PEFT model around one. Nothing of it is ever changed.
    tokenizer
        Its tokenizer, with a padding token.
    head
        Path of the last linear layer, for an architecture whose head cannot be found.
    max_length
        Texts are cut to this many tokens; by default what model and tokenizer allow, 512 at most.
    backend
        What computes the forward pass: ``torch``, or ``onnx`` for ONNX Runtime, on the processor in float32.

    Examples
    --------
    >>> model = AdueModel.from_pretrained("path/to/adapter")  # doctest: +SKIP
    >>> model.fit(train, validation).save_pretrained("path/to/adapter")  # doctest: +SKIP
    >>> model.predict(["a film to remember"]).uncertainty  # doctest: +SKIP
    """

    def __init__(
        self,
        model: nn.Module,
        tokenizer: PreTrainedTokenizerBase,
        *,
        head: str | None = None,
        max_length: int | None = None,
        backend: Backend = "torch",
        fitted: FittedHead | None = None,
        origin: Origin | None = None,
    ) -> None:
        classifier = FrozenClassifier.wrap(model, tokenizer, head=head, max_length=max_length)
        super().__init__(run_by(backend, classifier), origin or origin_in_memory(model), fitted, head)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        revision: str | None = None,
        head: str | None = None,
        max_length: int | None = None,
        with_head: bool = True,
        backend: Backend = "torch",
        **options: Any,
    ) -> Self:
        """Return the adapter (or whole model) in a folder or on the Hugging Face hub, with its head if it has one.

        Parameters
        ----------
        name
            Folder that ``save_pretrained`` wrote, or a repository on the hub.
        revision
            Branch, tag or commit on the hub.
        head
            Path of the last linear layer, for an architecture whose head cannot be found.
        max_length
            Texts are cut to this many tokens; by default as the head was fitted, or the adapter trained.
        with_head
            Whether to load the uncertainty head; False to fit another in place of one that is damaged or outdated.
        backend
            What computes the forward pass: ``torch``, or ``onnx`` for ONNX Runtime, on the processor and in float32
            whatever the checkpoint's type. Its graph is made once, in adue's cache folder.
        **options
            ``base_model``, ``id2label``, ``dtype``, ``merge``, ``device``, ``trust_remote_code``: see
            :func:`adue.models.features.loading.load_trained`.

        Raises
        ------
        ModelError
            When the base model is not there, the classification head was never saved, or the backend cannot run it.
        ArtifactError
            When a file is damaged, or the uncertainty head belongs to another adapter.
        MissingExtraError
            When the backend is not installed.
        """
        saved = load_saved(name, TaskType.SEQ_CLS, revision=revision, with_head=with_head, backend=backend, **options)
        return cls(
            saved.loaded.model,
            saved.loaded.tokenizer,
            head=head or saved.head_path,
            max_length=max_length or saved.max_length,
            backend=backend,
            fitted=saved.fitted,
            origin=saved.loaded.origin,
        )

    def extract(
        self,
        texts: Iterable[str],
        labels: Sequence[int] | None = None,
        *,
        batch_size: int = BATCH_SIZE,
        cache: Path | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> FeatureSet:
        """Return what one pass over `texts` gives: see :func:`adue.models.features.extract.extract`."""
        return extract(self.classifier, texts, labels, batch_size=batch_size, cache=cache, on_progress=on_progress)

    def fit(
        self,
        train: Dataset,
        validation: Dataset,
        *,
        grid: str | Path | Grid | None = None,
        settings: AutoSettings | FitSettings | None = None,
        batch_size: int = BATCH_SIZE,
        cache: Path | None = None,
        on_progress: Callable[[int], None] | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> Self:
        """Fit the uncertainty head and return the model; the classifier is left as it is.

        Parameters
        ----------
        train, validation
            Data sets with the columns ``text`` and ``label`` (class ids). The second must be rows that the
            classifier was not trained on: ``auto`` learns from them, heads learn on the first and are chosen by AUROC
            on the second.
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
            self.extract(rows["text"], rows["label"], batch_size=batch_size, cache=cache, on_progress=on_progress)
            for rows in (train, validation)
        ]
        return self.fit_features(
            *features, grid=grid, settings=settings, data_sha256=fingerprint(train), on_epoch=on_epoch
        )

    @torch.no_grad()
    def __call__(self, **inputs: Tensor) -> AdueOutput:
        """Return logits and U for tokenized `inputs` (input_ids, attention_mask), from one forward pass."""
        features, logits = self.classifier.forward(inputs)
        return AdueOutput(logits, self._head().uncertainty(features, logits))

    def predict(self, texts: Sequence[str], *, batch_size: int = BATCH_SIZE) -> Predictions:
        """Return labels, probabilities and U of `texts`, in their order.

        Raises
        ------
        ArtifactError
            When no head has been fitted.
        """
        head = self._head()
        rows = self.extract(texts, batch_size=batch_size)
        labels = rows.predictions.numpy()
        return Predictions(
            labels,
            [self.id2label[int(label)] for label in labels],
            rows.logits.softmax(dim=-1).numpy(),
            head.uncertainty(rows.features, rows.logits).cpu().numpy(),
        )

    def predict_proba(self, texts: Sequence[str], *, batch_size: int = BATCH_SIZE) -> Float[np.ndarray, "rows classes"]:
        """Return the classifier's own probabilities."""
        return self.extract(texts, batch_size=batch_size).logits.softmax(dim=-1).numpy()

    def predict_uncertainty(self, texts: Sequence[str], *, batch_size: int = BATCH_SIZE) -> Float[np.ndarray, " rows"]:
        """Return U in [0, 1] of `texts`; higher means more likely wrong."""
        return self.predict(texts, batch_size=batch_size).uncertainty
