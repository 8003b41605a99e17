"""What ``adue_config.json`` holds of a fitted head: its shape, where it comes from, and what was seen while fitting."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from adue.foundation.config.frozen import Fraction, FrozenConfig, SavedConfig
from adue.foundation.config.reading import Reading
from adue.foundation.config.settings import HyperParameters, Settings

FORMAT_VERSION = 3
"""Version of the files ``adue_config.json`` and ``adue_head.safetensors``."""

HeadSource = Literal["adapter", "base model"]
Activation = Literal["tanh", "gelu", "relu"]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class HeadShape(FrozenConfig):
    """The classification head as numbers: ``[dense -> activation ->] projection``.

    ``activation`` is None for a head that is one linear layer.
    """

    hidden_size: int = Field(gt=0)
    num_labels: int = Field(ge=2)
    activation: Activation | None = None
    bias: bool = True


class Provenance(FrozenConfig):
    """Where a head comes from: the classifier, how its features were computed, and the data."""

    adapter_sha256: Digest
    base_model: str
    base_model_revision: str | None = None
    model_type: str
    dtype: str
    merged: bool = False
    max_length: int = Field(gt=0)
    reading: Reading = Reading(pairs=False)
    """What was done to every text before it was read; heads of older formats read single texts as they are."""
    head_source: HeadSource
    head_path: str | None = None
    """The classifier head's last layer, where the user had to name it."""
    training_data_sha256: Digest | None = None


class FitMetrics(FrozenConfig):
    """What was seen while fitting; every AUROC is of U against errors, on validation rows."""

    train_rows: int = Field(ge=0)
    train_errors: int = Field(ge=0)
    validation_rows: int = Field(ge=0)
    validation_errors: int = Field(ge=0)
    validation_majority_accuracy: Fraction
    validation_auroc: Fraction
    """Of the head chosen on these very rows; for ``auto``, which learns from them, cross-validated."""
    validation_auroc_softmax_response: Fraction
    epochs: int = Field(ge=0)
    ranks_as_softmax_response: bool = False
    """Whether the validation rows showed no gain, so that ``auto`` corrects nothing."""

    @property
    def validation_accuracy(self) -> float:
        """Share of validation rows that the classifier gets right."""
        return 1 - self.validation_errors / self.validation_rows


class AdueConfig(SavedConfig):
    """Everything that ``adue_config.json`` says about a fitted head."""

    cure: ClassVar[str] = "fit the head again"

    format_version: int = FORMAT_VERSION
    adue_version: str
    head: HeadShape
    """The sizes of the head; the code reads them as :attr:`shape`, and files keep this name."""
    head_sha256: Digest
    id2label: dict[int, str]
    settings: Settings
    hyperparameters: HyperParameters | None = None
    """Those of the grid point that was chosen, None for ``auto``."""
    metrics: FitMetrics
    provenance: Provenance | None = None
    """None where the head was fitted on arrays and no classifier is known."""
    answers_sha256: Digest | None = None
    """Of the file with reference answers, None where there is none."""

    @property
    def shape(self) -> HeadShape:
        """The sizes of the head."""
        return self.head
