"""What is saved beside a fitted head: its shape, where it comes from, and what was seen while fitting."""

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field

from adue.config.frozen import Fraction, FrozenConfig
from adue.config.settings import HyperParameters, Settings
from adue.errors import ArtifactError, DataError

FORMAT_VERSION = 2
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
    head_source: HeadSource
    head_path: str | None = None
    """The classification head's last layer, where somebody had to name it."""
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

    @property
    def validation_accuracy(self) -> float:
        """Share of validation rows that the classifier gets right."""
        return 1 - self.validation_errors / self.validation_rows


class AdueConfig(FrozenConfig):
    """Everything that ``adue_config.json`` says about a fitted head."""

    format_version: int = FORMAT_VERSION
    adue_version: str
    head: HeadShape
    head_sha256: Digest
    id2label: dict[int, str]
    settings: Settings
    hyperparameters: HyperParameters | None = None
    """Those of the grid point that was chosen, None for ``auto``."""
    metrics: FitMetrics
    provenance: Provenance | None = None
    """None where the head was fitted on arrays and no classifier is known."""

    @classmethod
    def from_json(cls, path: Path) -> Self:
        """Read ``adue_config.json``.

        Raises
        ------
        ArtifactError
            When the file is not there, is not JSON, has missing or bad values, or a newer format.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ArtifactError(f"cannot read {path}: {error}; fit the head again") from error
        if not isinstance(values, dict):
            raise ArtifactError(f"{path} is not an adue configuration; fit the head again")
        version = values.get("format_version")
        if not isinstance(version, int) or version > FORMAT_VERSION:
            raise ArtifactError(
                f"{path} has format version {version}, this adue reads up to {FORMAT_VERSION}; "
                "upgrade with pip install --upgrade adue"
            )
        try:
            return cls.from_dict(values)
        except DataError as error:
            raise ArtifactError(f"{path} is damaged: {error}; fit the head again") from error
