"""AdueModel: a frozen classifier with an uncertainty head; its labels and probabilities stay what they were."""

import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from datasets import Dataset
from huggingface_hub import HfApi
from jaxtyping import Float
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from adue.checkpoint import find_folder, save_classifier
from adue.config import FitSettings, Grid, Provenance
from adue.datasets import fingerprint
from adue.errors import ArtifactError, DataWarning
from adue.estimator import FittedHead, fit_features
from adue.features.classifier import FrozenClassifier
from adue.features.extract import extract
from adue.features.loading import Origin, load_trained, origin_in_memory
from adue.persistence import has_head, load_head, save_head
from adue.types import AdueOutput, FeatureSet, Predictions


class AdueModel:
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
        fitted: FittedHead | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.classifier = FrozenClassifier.wrap(model, tokenizer, head=head, max_length=max_length)
        self.origin = origin or origin_in_memory(model)
        self.fitted = fitted
        self.head_path = head

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
        **options
            ``base_model``, ``id2label``, ``dtype``, ``merge``, ``device``, ``trust_remote_code``: see
            :func:`adue.features.loading.load_trained`.

        Raises
        ------
        ModelError
            When the base model is not there, or the classification head was never saved.
        ArtifactError
            When a file is damaged, or the uncertainty head belongs to another adapter.
        """
        folder = find_folder(name, revision)
        loaded = load_trained(folder, **options)
        wanted = with_head and has_head(folder)
        fitted = load_head(folder, adapter_sha256=loaded.origin.sha256) if wanted else None
        known = fitted.config.provenance if fitted else None
        if known is not None:
            head, max_length = head or known.head_path, max_length or known.max_length
        return cls(
            loaded.model,
            loaded.tokenizer,
            head=head,
            max_length=max_length or loaded.origin.max_length,
            fitted=fitted,
            origin=loaded.origin,
        )

    @property
    def id2label(self) -> dict[int, str]:
        """Names of the classes."""
        return self.origin.id2label

    @property
    def label2id(self) -> dict[str, int]:
        """Class ids by name."""
        return {name: index for index, name in self.id2label.items()}

    def extract(
        self,
        texts: Sequence[str],
        labels: Sequence[int] | None = None,
        *,
        batch_size: int = 32,
        cache: Path | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> FeatureSet:
        """Return what one pass over `texts` gives: see :func:`adue.features.extract.extract`."""
        return extract(self.classifier, texts, labels, batch_size=batch_size, cache=cache, on_progress=on_progress)

    def fit(
        self,
        train: Dataset,
        validation: Dataset,
        *,
        grid: str | Path | Grid = "paper",
        settings: FitSettings | None = None,
        batch_size: int = 32,
        cache: Path | None = None,
        on_progress: Callable[[int], None] | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> Self:
        """Fit the uncertainty head and return the model; the classifier is left as it is.

        Parameters
        ----------
        train, validation
            Data sets with the columns ``text`` and ``label`` (class ids). Heads learn on the first; the grid point
            and epoch are chosen by AUROC on the second.
        grid
            ``paper``, ``fast``, a YAML file or a Grid.
        cache
            Folder for features, so that a stopped run goes on and the next one need not extract again.

        Raises
        ------
        DataError
            When there are no errors (or only errors) to learn from, or values are not finite.
        """
        features = [
            self.extract(rows["text"][:], rows["label"][:], batch_size=batch_size, cache=cache, on_progress=on_progress)
            for rows in (train, validation)
        ]
        return self.fit_features(
            *features, grid=grid, settings=settings, data_sha256=fingerprint(train), on_epoch=on_epoch
        )

    def fit_features(
        self,
        train: FeatureSet,
        validation: FeatureSet,
        *,
        grid: str | Path | Grid = "paper",
        settings: FitSettings | None = None,
        data_sha256: str | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> Self:
        """Fit the uncertainty head on features of :meth:`extract` and return the model."""
        assert train.labels is not None  # noqa: S101
        self.fitted = fit_features(
            train.features,
            train.logits,
            train.labels,
            validation=validation,
            head=self.classifier.head,
            grid=Grid.load(grid),
            settings=settings,
            id2label=self.id2label,
            provenance=self._provenance(data_sha256),
            on_epoch=on_epoch,
        )
        _warn_if_useless(self.fitted)
        return self

    @torch.no_grad()
    def __call__(self, **inputs: Tensor) -> AdueOutput:
        """Return logits and U for tokenized `inputs` (input_ids, attention_mask), from one forward pass."""
        features, logits = self.classifier.forward(inputs)
        return AdueOutput(logits, self._head().uncertainty(features))

    def predict(self, texts: Sequence[str], *, batch_size: int = 32) -> Predictions:
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
            head.uncertainty(rows.features).cpu().numpy(),
        )

    def predict_proba(self, texts: Sequence[str], *, batch_size: int = 32) -> Float[np.ndarray, "rows classes"]:
        """Return the classifier's own probabilities."""
        return self.extract(texts, batch_size=batch_size).logits.softmax(dim=-1).numpy()

    def predict_uncertainty(self, texts: Sequence[str], *, batch_size: int = 32) -> Float[np.ndarray, " rows"]:
        """Return U in [0, 1] of `texts`; higher means more likely wrong."""
        return self.predict(texts, batch_size=batch_size).uncertainty

    def save_pretrained(self, folder: str | Path) -> None:
        """Write ``adue_head.safetensors`` and ``adue_config.json`` into `folder`, beside the classifier.

        Where `folder` does not hold the classifier yet, the adapter (or whole model) and its tokenizer are written
        too, so that the folder can be loaded by itself.

        Raises
        ------
        ArtifactError
            When no head has been fitted, `folder` holds another classifier, or a file cannot be written.
        """
        head = self._head()
        folder = Path(folder)
        sha256 = save_classifier(self.classifier, folder, self.origin.sha256)
        config = head.config
        if config.provenance is not None:
            provenance = config.provenance.model_copy(update={"adapter_sha256": sha256})
            config = config.model_copy(update={"provenance": provenance})
        save_head(FittedHead(head.head, config, head.sweep), folder)

    def push_to_hub(self, repo_id: str, *, private: bool | None = None, token: str | None = None) -> str:
        """Upload what :meth:`save_pretrained` writes to a repository on the hub and return the commit's address."""
        api = HfApi(token=token)
        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(folder)
            api.create_repo(repo_id, private=private, exist_ok=True)
            commit = api.upload_folder(
                repo_id=repo_id, folder_path=folder, commit_message="Add an AdUE uncertainty head"
            )
        return str(commit.commit_url)

    def _head(self) -> FittedHead:
        if self.fitted is None:
            raise ArtifactError("this adapter has no uncertainty head yet; fit one with model.fit(...) or adue fit")
        return self.fitted

    def _provenance(self, data_sha256: str | None) -> Provenance:
        return Provenance(
            adapter_sha256=self.origin.sha256,
            base_model=self.origin.base_model,
            base_model_revision=self.origin.base_model_revision,
            model_type=self.classifier.config.model_type,
            dtype=str(self.classifier.dtype).removeprefix("torch."),
            merged=self.origin.merged,
            max_length=self.classifier.max_length,
            head_source=self.origin.head_source,
            head_path=self.head_path,
            training_data_sha256=data_sha256,
        )


def _warn_if_useless(fitted: FittedHead) -> None:
    metrics = fitted.config.metrics
    if metrics.validation_accuracy <= metrics.validation_majority_accuracy:
        warnings.warn(
            f"the classifier is right on {metrics.validation_accuracy:.1%} of the validation rows, always answering "
            f"the commonest class on {metrics.validation_majority_accuracy:.1%}: check labels and base model first",
            DataWarning,
            stacklevel=3,
        )
