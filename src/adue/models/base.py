"""What every task shares: a frozen model with an uncertainty head, loaded and saved as one folder."""

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import torch
from huggingface_hub import HfApi
from peft import TaskType

from adue.foundation.config import AutoSettings, FitSettings, Grid, Provenance
from adue.foundation.errors import ArtifactError, DataWarning, ModelError
from adue.foundation.types import FeatureSet
from adue.heads.fit import fit_features
from adue.heads.fitted import FittedHead
from adue.models.checkpoint import save_classifier
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.loading import LoadedModel, Origin, load_trained
from adue.models.folders import find_folder
from adue.models.onnx.classifier import Backend, require_runnable
from adue.models.persistence import load_head, save_head
from adue.models.saved_head import has_head


@dataclass(frozen=True)
class Saved:
    """What a folder holds: a model that was trained and, if there is one, the head fitted to it."""

    loaded: LoadedModel
    fitted: FittedHead | None

    @property
    def head_path(self) -> str | None:
        """The classification head's last layer, where somebody had to name it."""
        known = self.fitted.config.provenance if self.fitted else None
        return known.head_path if known else None

    @property
    def max_length(self) -> int | None:
        """Tokens per text as the head was fitted, else as the adapter was trained; None where neither is known."""
        known = self.fitted.config.provenance if self.fitted else None
        return known.max_length if known else self.loaded.origin.max_length


def load_saved(
    name: str | Path,
    task: TaskType,
    *,
    revision: str | None = None,
    with_head: bool = True,
    backend: Backend = "torch",
    **options: Any,
) -> Saved:
    """Return the adapter (or whole model) in a folder or on the Hugging Face hub, with its head if it has one.

    Parameters
    ----------
    with_head
        Whether to load the uncertainty head; False to fit another in place of one that is damaged or outdated.
    backend
        What is going to compute the forward pass; ``onnx`` reads any checkpoint in float32, and whole texts only.
    **options
        See :func:`adue.models.features.loading.load_trained`.

    Raises
    ------
    ModelError
        When the base model is not there, the classification head was never saved, or the task is another.
    ArtifactError
        When a file is damaged, or the uncertainty head belongs to another adapter.
    """
    if backend == "onnx":
        if task != TaskType.SEQ_CLS:
            raise ModelError(f"the backend onnx classifies whole texts only, not {task.value}; use the backend torch")
        if options.get("dtype", "auto") == "auto":
            options["dtype"] = torch.float32
        require_runnable(options.get("device", "cpu"), options["dtype"])
    folder = find_folder(name, revision, with_code=options.get("trust_remote_code", False))
    loaded = load_trained(folder, task=task, **options)
    wanted = with_head and has_head(folder)
    return Saved(loaded, load_head(folder, adapter_sha256=loaded.origin.sha256) if wanted else None)


class BaseAdueModel:
    """A model that is only read, and the uncertainty head fitted to it; what is a row differs by task.

    Parameters
    ----------
    classifier
        Gives features and logits of rows. Nothing of it is ever changed.
    origin
        Where it came from.
    fitted
        The head, where there is one already.
    head_path
        The classification head's last layer, where it was named.
    """

    def __init__(
        self, classifier: FrozenClassifier, origin: Origin, fitted: FittedHead | None, head_path: str | None
    ) -> None:
        self.classifier = classifier
        self.origin = origin
        self.fitted = fitted
        self.head_path = head_path

    @property
    def id2label(self) -> dict[int, str]:
        """Names of the classes."""
        return self.origin.id2label

    @property
    def label2id(self) -> dict[str, int]:
        """Class ids by name."""
        return {name: index for index, name in self.id2label.items()}

    def fit_features(
        self,
        train: FeatureSet,
        validation: FeatureSet,
        *,
        grid: str | Path | Grid | None = None,
        settings: AutoSettings | FitSettings | None = None,
        data_sha256: str | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> Self:
        """Fit the uncertainty head on features of ``extract`` and return the model."""
        self.fitted = fit_features(
            train.features,
            train.logits,
            train.require_classes(),
            validation=validation,
            classifier_head=self.classifier.head,
            grid=None if grid is None else Grid.load(grid),
            settings=settings,
            id2label=self.id2label,
            provenance=self._provenance(data_sha256),
            device=self.classifier.device,
            on_epoch=on_epoch,
        )
        _warn_if_useless(self.fitted)
        return self

    def save_pretrained(self, folder: str | Path) -> None:
        """Write ``adue_head.safetensors`` and ``adue_config.json`` into `folder`, beside the classifier.

        Where `folder` does not hold the classifier yet, the adapter (or whole model) and its tokenizer are written
        too, so that the folder can be loaded by itself.

        Raises
        ------
        ArtifactError
            When no head has been fitted, `folder` holds another classifier, or a file cannot be written.
        """
        fitted = self._head()
        folder = Path(folder)
        sha256 = save_classifier(self.classifier, folder, self.origin.sha256)
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
