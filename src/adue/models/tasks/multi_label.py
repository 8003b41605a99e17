"""AdueModelForMultiLabelClassification: how far to trust each yes or no where a text may have several labels."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, Unpack

import numpy as np
import torch
from jaxtyping import Bool, Float
from peft import TaskType
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from adue.datasets import fingerprint
from adue.foundation.config import AutoSettings, FitSettings, Grid, Reading, TokenLimit
from adue.foundation.errors import ArtifactError, DataError, ModelError
from adue.foundation.scaling.processes import Processes
from adue.foundation.types import AdueOutput
from adue.heads.multi_label import FittedLabels, LabelRows, fit_labels
from adue.models.features.batches import BATCH_SIZE
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.models.features.requirements import require_yes_or_no
from adue.models.fitting import ExtractOptions, describe
from adue.models.folder.find import find_folder
from adue.models.folder.limits import recorded_limit
from adue.models.folder.read import read_folder
from adue.models.folder.saved_labels import require_multi_label
from adue.models.label_files import load_labels, save_labels
from adue.models.open import open_folder
from adue.models.trained.origin import Origin, origin_in_memory
from adue.models.trained.write import save_classifier

if TYPE_CHECKING:
    from datasets import Dataset


@dataclass(frozen=True)
class FrozenMultiLabel(FrozenClassifier):
    """A multi-label classifier that is only ever read; its logits are read one by one."""

    reads_windows: ClassVar[bool] = False

    @classmethod
    def require_problem(cls, inner: Any) -> None:
        """Refuse a regression; that a model is a multi-label one its configuration need not say."""
        require_yes_or_no(inner)


@dataclass(frozen=True)
class LabelPredictions:
    """What the classifier answers for each label, and how far to trust it, in the order of the texts.

    Attributes
    ----------
    labels
        True where the answer is yes: the logit is above 0.
    label_names
        Names of the labels with a yes, for each text; none where no label has one.
    probabilities
        Sigmoid of the classifier's logits.
    uncertainty
        U in [0, 1] of each yes or no; higher means more likely wrong.
    truncated
        True where the text had more tokens than were read.
    """

    labels: Bool[np.ndarray, "rows labels"]
    label_names: list[list[str]]
    probabilities: Float[np.ndarray, "rows labels"]
    uncertainty: Float[np.ndarray, "rows labels"]
    truncated: Bool[np.ndarray, " rows"]


class AdueModelForMultiLabelClassification:
    """A multi-label text classifier that is only read, and one uncertainty head per label fitted to it.

    Each label is a yes or no of its own: yes where its logit is above 0, that is, its sigmoid above one half. U says
    how likely this yes or no is wrong.

    Parameters
    ----------
    model
        A sequence classification model trained with ``problem_type="multi_label_classification"``, or a PEFT model
        around one. Nothing of it is ever changed.
    tokenizer
        Its tokenizer, with a padding token.
    head
        Path of the last linear layer, for an architecture whose head cannot be found.
    max_length
        Tokens of a text that are read; by default what model and tokenizer allow.
    reading
        What is done to every text before it is read; by default nothing. Neither windows nor pairs of texts.
    fitted
        The heads, where there are some already.
    origin
        Where the model came from, where that is known.

    Examples
    --------
    >>> model = AdueModelForMultiLabelClassification.from_pretrained("path/to/adapter")  # doctest: +SKIP
    >>> model.fit(train, validation).save_pretrained("path/to/adapter")  # doctest: +SKIP
    >>> model.predict(["a film to remember"]).uncertainty  # doctest: +SKIP
    """

    def __init__(
        self,
        model: nn.Module,
        tokenizer: PreTrainedTokenizerBase,
        *,
        head: str | None = None,
        max_length: int | TokenLimit | None = None,
        reading: Reading | None = None,
        fitted: FittedLabels | None = None,
        origin: Origin | None = None,
    ) -> None:
        reading = _single_texts(reading or Reading())
        self.classifier = FrozenMultiLabel.wrap(model, tokenizer, head=head, max_length=max_length, reading=reading)
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
        max_length: int | TokenLimit | None = None,
        reading: Reading | None = None,
        with_head: bool = True,
        check_answers: bool = True,  # noqa: ARG003 - as for every class; nothing is stored to check here
        backend: str = "torch",
        **options: Any,
    ) -> Self:
        """Return the adapter (or whole model) in a folder or on the Hugging Face hub, with its heads if it has some.

        See :meth:`adue.AdueModel.from_pretrained` for the parameters. The only backend is ``torch``, and no answers are
        stored with heads of several labels, so that `check_answers` checks nothing.

        Raises
        ------
        ModelError
            When the base model is not there, the classification head was never saved, or the classifier is known to
            give one class per text.
        ArtifactError
            When a file is damaged, or the heads belong to another adapter or were fitted for one class per text.
        """
        if backend != "torch":
            raise ModelError(
                f"the backend {backend} gives one class per text, not several labels; use the backend torch"
            )
        folder = find_folder(name, revision, with_code=options.get("trust_remote_code", False))
        require_multi_label(folder, with_head=with_head)
        opened = open_folder(folder, TaskType.SEQ_CLS, with_head=False, **options)
        saved = read_folder(folder)
        fitted = load_labels(folder, adapter_sha256=saved.sha256) if with_head and saved.has_label_heads else None
        known = fitted.config.provenance if fitted else None
        read_as = known.reading if known else opened.reading
        return cls(
            opened.loaded.model,
            opened.loaded.tokenizer,
            head=head or (known.head_path if known else None),
            max_length=max_length
            or recorded_limit(known.max_length if known else None, opened.loaded.origin.max_length),
            reading=read_as if reading is None else reading.over(read_as),
            fitted=fitted,
            origin=opened.loaded.origin,
        )

    @property
    def id2label(self) -> dict[int, str]:
        """Names of the labels."""
        return self.origin.id2label

    @property
    def names(self) -> list[str]:
        """Names of the labels in the order of their ids."""
        return [name for _, name in sorted(self.id2label.items())]

    def extract(
        self,
        texts: Iterable[Any],
        labels: Sequence[Sequence[bool]] | None = None,
        *,
        group: Processes | None = None,
        **options: Unpack[ExtractOptions],
    ) -> LabelRows:
        """Return features and logits of `texts`, and their labels.

        Parameters
        ----------
        labels
            For each text a yes or no for each label, in the order of the labels' ids.
        group
            Processes that share the work, as there.
        **options
            ``batch_size``, ``cache``, ``on_progress``: see :func:`adue.models.features.extract.extract`.

        Raises
        ------
        DataError
            When labels are no yes or no each, or there is not one per text and label.
        """
        # Before the pass, so that labels of the wrong kind are not noticed after it.
        known = None if labels is None else _yes_or_no(labels, len(self.id2label))
        return LabelRows(extract(self.classifier, texts, group=group, **options), known)

    def fit(
        self,
        train: "Dataset",
        validation: "Dataset",
        *,
        grid: str | Path | Grid | None = None,
        settings: AutoSettings | FitSettings | None = None,
        on_epoch: Callable[[int], None] | None = None,
        **options: Unpack[ExtractOptions],
    ) -> Self:
        """Fit one uncertainty head per label and return the model; the classifier is left as it is.

        Parameters
        ----------
        train, validation
            Data sets with the columns ``text`` and ``labels`` (a list of yes or no per row, in the order of the labels'
            ids). The second must be rows that the classifier was not trained on.
        grid, settings, on_epoch, **options
            As for :meth:`adue.AdueModel.fit`.

        Raises
        ------
        DataError
            When no label has errors and right answers to learn from, or values are not finite. A single label without
            them gets the softmax response for U.
        """
        rows = [self.extract(given["text"], given["labels"][:], **options) for given in (train, validation)]
        return self.fit_features(
            *rows, grid=grid, settings=settings, data_sha256=labels_fingerprint(train), on_epoch=on_epoch
        )

    def fit_features(
        self,
        train: LabelRows,
        validation: LabelRows,
        *,
        grid: str | Path | Grid | None = None,
        settings: AutoSettings | FitSettings | None = None,
        data_sha256: str | None = None,
        on_epoch: Callable[[int], None] | None = None,
    ) -> Self:
        """Fit the heads on rows of :meth:`extract` and return the model."""
        self.fitted = fit_labels(
            train,
            validation,
            self.classifier.head,
            id2label=self.id2label,
            grid=None if grid is None else Grid.load(grid),
            provenance=describe(self.classifier, self.origin, self.head_path, data_sha256),
            device=self.classifier.device,
            settings=settings,
            on_epoch=on_epoch,
        )
        return self

    def save_pretrained(self, folder: str | Path) -> None:
        """Write ``adue_head.safetensors`` and ``adue_config.json`` into `folder`, beside the classifier.

        Where `folder` does not hold the classifier yet, it and its tokenizer are written too.

        Raises
        ------
        ArtifactError
            When no heads have been fitted, `folder` holds another classifier, or a file cannot be written.
        """
        fitted, folder = self.require_fitted(), Path(folder)
        sha256 = save_classifier(self.classifier, folder, self.origin)
        config = fitted.config
        if config.provenance is not None:
            provenance = config.provenance.model_copy(update={"adapter_sha256": sha256})
            config = config.model_copy(update={"provenance": provenance})
        save_labels(FittedLabels(fitted.heads, config), folder)

    @torch.no_grad()
    def __call__(self, **inputs: Tensor) -> AdueOutput:
        """Return logits and U, both of shape (rows, labels), for tokenized `inputs`, from one forward pass."""
        features, logits = self.classifier.forward(inputs)
        return AdueOutput(logits, self.require_fitted().uncertainty(features, logits))

    def predict(self, texts: Sequence[Any], *, batch_size: int = BATCH_SIZE) -> LabelPredictions:
        """Return answers, probabilities and U of every label for `texts`, in their order.

        Raises
        ------
        ArtifactError
            When no heads have been fitted.
        """
        fitted, names = self.require_fitted(), self.names
        found = self.extract(texts, batch_size=batch_size)
        answers = found.predictions.numpy()
        return LabelPredictions(
            answers,
            [[names[index] for index in np.flatnonzero(row)] for row in answers],
            found.rows.logits.sigmoid().numpy(),
            fitted.uncertainty(found.rows.features, found.rows.logits).numpy(),
            np.zeros(len(found), dtype=bool) if found.rows.truncated is None else found.rows.truncated.numpy(),
        )

    def require_fitted(self) -> FittedLabels:
        """Return the heads, or raise an ArtifactError where none have been fitted."""
        if self.fitted is None:
            raise ArtifactError(
                "this adapter has no uncertainty heads yet; fit some with model.fit(...) or adue fit --multi-label"
            )
        return self.fitted


def _single_texts(reading: Reading) -> Reading:
    """Return `reading` for single texts; another one is refused."""
    if reading.pairs:
        raise ModelError("a classifier of several labels reads single texts, not pairs; join the two in one text")
    if reading.long_texts == "windows":
        raise ModelError(
            "windows answer as the surest of them, and each label of a text may be surest in another one; leave "
            "--long-texts windows out"
        )
    return reading.model_copy(update={"pairs": False})


def labels_fingerprint(rows: "Dataset") -> str:
    """Return the SHA-256 of the texts and labels of `rows`."""
    labels = [json.dumps([int(value) for value in values]) for values in rows["labels"][:]]
    return fingerprint(rows.from_dict({"text": rows["text"][:], "label": labels}))


def _yes_or_no(labels: Sequence[Sequence[bool]], count: int) -> Bool[Tensor, "rows labels"]:
    refused = DataError(f"labels must be a list of {count} values for each text, each 0 or 1 (False or True)")
    try:
        given = torch.as_tensor(labels)
    except (TypeError, ValueError, RuntimeError) as error:
        raise refused from error
    if given.shape[1:] != (count,) and len(given):
        raise refused
    if not bool(((given == 0) | (given == 1)).all()):
        raise refused
    return given.bool().reshape(-1, count)
