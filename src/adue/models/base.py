"""What every task shares: a frozen model with an uncertainty head, loaded, fitted and saved as one folder."""

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from huggingface_hub import HfApi
from peft import TaskType
from torch import nn
from transformers import PreTrainedTokenizerBase

from adue.datasets import fingerprint, has_pairs, texts_of
from adue.foundation.config import AutoSettings, FitSettings, Grid, Reading, TokenLimit
from adue.foundation.errors import ArtifactError
from adue.foundation.types import FeatureSet, Predictions
from adue.heads.fit import fit_features
from adue.heads.fitted import FittedHead
from adue.models.features.batches import BATCH_SIZE
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.models.fitting import describe, warn_if_useless, warn_of_token_types
from adue.models.head_files import save_head
from adue.models.onnx.classifier import Backend, run_by
from adue.models.open import open_folder, refuse_backend
from adue.models.pretrained.reading import require_usable
from adue.models.trained.origin import Origin, origin_in_memory
from adue.models.trained.write import save_classifier
from adue.models.verification.answerer import ClassifierAnswerer
from adue.models.verification.check import Verification, require_same_answers, require_texts, verify
from adue.models.verification.record import with_answers
from adue.models.verification.texts import find_texts

if TYPE_CHECKING:
    # Fitting takes data sets; the library behind them takes as long to import as torch, and predicting needs none.
    from datasets import Dataset


class BaseAdueModel:
    """A model that is only read, and the uncertainty head fitted to it; what is a row differs by task.

    Parameters
    ----------
    model
        A model of transformers, or a PEFT model around one. Nothing of it is ever changed.
    tokenizer
        Its tokenizer, with a padding token.
    head
        Path of the last linear layer, for an architecture whose head cannot be found.
    max_length
        Longest input in tokens; by default what model and tokenizer allow.
    reading
        What is done to every text before it is read; by default nothing.
    backend
        What computes the forward pass: ``torch``, or ``onnx`` for ONNX Runtime, on the processor in float32.
    fitted
        The head, where there is one already.
    origin
        Where the model came from, where that is known.
    """

    task: ClassVar[TaskType]
    """What kind of model it is."""
    frozen: ClassVar[type[FrozenClassifier]] = FrozenClassifier
    """What reads the model."""

    def __init__(
        self,
        model: nn.Module,
        tokenizer: PreTrainedTokenizerBase,
        *,
        head: str | None = None,
        max_length: int | TokenLimit | None = None,
        reading: Reading | None = None,
        backend: Backend = "torch",
        fitted: FittedHead | None = None,
        origin: Origin | None = None,
    ) -> None:
        refuse_backend(backend, self.task)
        classifier = self.frozen.wrap(model, tokenizer, head=head, max_length=max_length, reading=reading)
        self._set(run_by(backend, classifier), origin or origin_in_memory(model), fitted, head)

    def _set(
        self, classifier: FrozenClassifier, origin: Origin, fitted: FittedHead | None, head_path: str | None
    ) -> None:
        self.classifier = classifier
        self.origin = origin
        self.fitted = fitted
        self.head_path = head_path

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        revision: str | None = None,
        head: str | None = None,
        max_length: int | TokenLimit | None = None,
        reading: Reading | None = None,
        with_head: bool = True,
        check_answers: bool = True,
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
            Tokens of a text that are read at once; by default as the head was fitted, else as the adapter was trained,
            else what tokenizer and model allow.
        reading
            What is done to every text before it is read; fields that are not given are as the head was fitted, or the
            adapter trained.
        with_head
            Whether to load the uncertainty head; False to fit another in place of one that is damaged or outdated.
        check_answers
            Whether to refuse a classifier that does not answer as when its head was fitted, or whose stored answers
            are missing.
        backend
            What computes the forward pass: ``torch``, or ``onnx`` for ONNX Runtime, on the processor and in float32
            for a checkpoint of any type. Its graph is made once, in adue's cache folder.
        **options
            ``base_model``, ``id2label``, ``dtype``, ``merge``, ``device``, ``trust_remote_code``: see
            :func:`adue.models.trained.build.build_model`.

        Raises
        ------
        ModelError
            When the base model is not there, the classification head was never saved, or the backend cannot run it.
        ArtifactError
            When a file is damaged, the uncertainty head belongs to another adapter, or the classifier answers
            otherwise than when it was fitted.
        MissingExtraError
            When the backend is not installed.
        """
        opened = open_folder(
            name,
            cls.task,
            revision=revision,
            with_head=with_head,
            with_answers=check_answers,
            backend=backend,
            **options,
        )
        model = cls(
            opened.loaded.model,
            opened.loaded.tokenizer,
            head=head or opened.head_path,
            max_length=max_length or opened.limit,
            reading=opened.reading if reading is None else reading.over(opened.reading),
            backend=backend,
            fitted=opened.fitted,
            origin=opened.loaded.origin,
        )
        if check_answers:
            model.require_same_answers()
        return model

    def require_same_answers(self) -> None:
        """Refuse to go on where classifier and head do not answer the fixed probe as when the head was fitted.

        Raises
        ------
        ArtifactError
            When logits or U lie further apart than rounding explains.
        """
        if self.fitted is not None:
            require_same_answers(ClassifierAnswerer(self.classifier, self.origin, self.fitted), self.fitted.answers)

    @property
    def id2label(self) -> dict[int, str]:
        """Names of the classes."""
        return self.origin.id2label

    @property
    def reading(self) -> Reading:
        """What is done to every text before it is read."""
        return self.classifier.reading

    @property
    def label2id(self) -> dict[str, int]:
        """Class ids by name."""
        return {name: index for index, name in self.id2label.items()}

    def extract(
        self,
        texts: Iterable[Any],
        labels: Sequence[Any] | None = None,
        *,
        batch_size: int = BATCH_SIZE,
        cache: Path | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> FeatureSet:
        """Return what one pass over `texts` gives: see :func:`adue.models.features.extract.extract`."""
        return extract(self.classifier, texts, labels, batch_size=batch_size, cache=cache, on_progress=on_progress)

    def fit(
        self,
        train: "Dataset",
        validation: "Dataset",
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
            Data sets with the columns ``text`` and ``label`` (class ids), and ``text_pair`` where rows are pairs of
            texts. The second must be rows that the classifier was not trained on: ``auto`` learns from them, heads
            learn on the first and are chosen by AUROC on the second.
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
        self.expect_pairs(has_pairs(train))
        features = [
            self.extract(texts_of(rows), rows["label"], batch_size=batch_size, cache=cache, on_progress=on_progress)
            for rows in (train, validation)
        ]
        data_sha256 = self._fingerprint(train)
        return self.fit_features(
            *features,
            texts=texts_of(validation)[:],
            grid=grid,
            settings=settings,
            data_sha256=data_sha256,
            on_epoch=on_epoch,
        )

    def _fingerprint(self, rows: "Dataset") -> str:
        return fingerprint(rows)

    def expect_pairs(self, pairs: bool) -> None:
        """Remember whether rows are pairs of texts, where nothing says so yet; it is saved with the head.

        From then on rows of the other kind are refused.

        Raises
        ------
        ModelError
            When rows are pairs and a chat template goes around texts.
        """
        reading = self.classifier.reading
        if reading.pairs is None:
            known = reading.model_copy(update={"pairs": pairs})
            require_usable(self.classifier.tokenizer, known)
            self.classifier = replace(self.classifier, reading=known)
            warn_of_token_types(self.classifier)

    def fit_features(
        self,
        train: FeatureSet,
        validation: FeatureSet,
        *,
        texts: Sequence[Any] | None = None,
        grid: str | Path | Grid | None = None,
        settings: AutoSettings | FitSettings | None = None,
        data_sha256: str | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> Self:
        """Fit the uncertainty head on features of ``extract`` and return the model.

        Parameters
        ----------
        texts
            What the validation rows were extracted from, so that :meth:`verify` can check some of them later.

        See :meth:`fit` for the other parameters.
        """
        fitted = fit_features(
            train.features,
            train.logits,
            train.require_classes(),
            validation=validation,
            classifier_head=self.classifier.head,
            grid=None if grid is None else Grid.load(grid),
            settings=settings,
            id2label=self.id2label,
            provenance=describe(self.classifier, self.origin, self.head_path, data_sha256),
            device=self.classifier.device,
            on_epoch=on_epoch,
        )
        self.fitted = with_answers(fitted, self.classifier, self.origin, validation, texts)
        warn_if_useless(self.fitted)
        return self

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the head's three files (``adue_*``) into `folder`, beside the classifier.

        Where `folder` does not hold the classifier yet, the adapter (or whole model) and its tokenizer are written
        too, so that the folder can be loaded by itself.

        Raises
        ------
        ArtifactError
            When no head has been fitted, `folder` holds another classifier, or a file cannot be written.
        """
        fitted = self._head()
        folder = Path(folder)
        sha256 = save_classifier(self.classifier, folder, self.origin)
        config = fitted.config
        if config.provenance is not None:
            provenance = config.provenance.model_copy(update={"adapter_sha256": sha256})
            config = config.model_copy(update={"provenance": provenance})
        save_head(replace(fitted, config=config), folder)

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

    def verify(self, texts: Iterable[Any], *, batch_size: int = BATCH_SIZE) -> Verification:
        """Return how far answers lie from those that were stored when the head was fitted.

        Parameters
        ----------
        texts
            Rows among which some of the validation rows of the fit are; they are found by their digests, and the
            others are not looked at.

        Raises
        ------
        ArtifactError
            When no head has been fitted, or no answers are stored with it.
        """
        fitted = self._head()
        answerer = ClassifierAnswerer(self.classifier, self.origin, fitted, batch_size)
        answers = require_texts(fitted.answers)
        return verify(answerer, answers, find_texts(texts, answers))

    def _predict(self, texts: Sequence[Any], batch_size: int) -> Predictions:
        """Return labels, probabilities and U of all rows of `texts`."""
        head = self._head()
        rows = self.extract(texts, batch_size=batch_size)
        labels = rows.predictions.numpy()
        return Predictions(
            labels,
            [self.id2label[int(label)] for label in labels],
            rows.logits.softmax(dim=-1).numpy(),
            head.uncertainty(rows.features, rows.logits).cpu().numpy(),
            np.zeros(len(rows), dtype=bool) if rows.truncated is None else rows.truncated.numpy(),
        )

    def _head(self) -> FittedHead:
        if self.fitted is None:
            raise ArtifactError("this adapter has no uncertainty head yet; fit one with model.fit(...) or adue fit")
        return self.fitted
