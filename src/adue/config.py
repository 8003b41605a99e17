"""Configurations: frozen, validated, and equal to themselves after a round trip through JSON."""

import json
import warnings
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adue.errors import ArtifactError, DataError, DataWarning

FORMAT_VERSION = 2
"""Version of the files ``adue_config.json`` and ``adue_head.safetensors``."""

HeadScore = Literal["smoothmax", "log_smoothmax", "entropy"]
"""How the logits of a trained head become U."""
ScoreName = Literal["auto", "smoothmax", "log_smoothmax", "entropy"]
"""``auto`` corrects the softmax response by what validation rows show, and needs no grid of heads."""
HeadSource = Literal["adapter", "base model"]
Activation = Literal["tanh", "gelu", "relu"]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class FrozenConfig(BaseModel):
    """A frozen set of values that warns about keys it does not know and reads the rest."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _warn_of_unknown_keys(cls, values: Any) -> Any:
        unknown = sorted(map(str, set(values) - set(cls.model_fields))) if isinstance(values, dict) else []
        if unknown:
            warnings.warn(
                f"{cls.__name__}: ignoring unknown keys {', '.join(unknown)}; a newer adue may have written them, "
                "upgrade with pip install --upgrade adue",
                DataWarning,
                stacklevel=4,
            )
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the validated configuration.

        Raises
        ------
        DataError
            When a value is missing or out of range; the message names it.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or cls.__name__
            got = "" if first["type"] == "missing" else f", got {first['input']!r}"
            raise DataError(f"{cls.__name__}: {where}: {first['msg']}{got}") from error

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, from which `from_dict` makes the same configuration.

        >>> HyperParameters.from_dict(HyperParameters(alpha=1.0).to_dict()) == HyperParameters(alpha=1.0)
        True
        """
        return self.model_dump(mode="json")


class HeadShape(FrozenConfig):
    """The classification head as numbers: ``[dense -> activation ->] projection``.

    ``activation`` is None for a head that is one linear layer.
    """

    hidden_size: int = Field(gt=0)
    num_labels: int = Field(ge=2)
    activation: Activation | None = None
    bias: bool = True


class HyperParameters(FrozenConfig):
    """One point of the grid: learning rate and the weights of the two pulls (alpha: softmax, beta: L2-SP).

    A score, sharpness or seed of None is that of the settings it is trained with.
    """

    learning_rate: float = Field(default=1e-4, gt=0)
    alpha: float = Field(default=0.1, ge=0)
    beta: float = Field(default=0.1, ge=0)
    score: HeadScore | None = None
    sharpness: float | None = Field(default=None, gt=0)
    seed: int | None = None

    def applied_to(self, settings: "FitSettings") -> "FitSettings":
        """Return the settings with what this point says otherwise.

        Raises
        ------
        DataError
            When score and sharpness do not go together.
        """
        own = self.model_dump(include={"score", "sharpness", "seed"}, exclude_none=True)
        return FitSettings.from_dict(settings.to_dict() | own)


class Grid(FrozenConfig):
    """Every combination of the values listed is one head to train.

    Where no score, sharpness or seed is listed, it is that of the settings. Each seed draws its own batches.
    """

    learning_rate: tuple[Annotated[float, Field(gt=0)], ...] = Field(default=(4e-4, 1e-4, 1e-5), min_length=1)
    alpha: tuple[Annotated[float, Field(ge=0)], ...] = Field(default=(0.01, 0.1, 1.0), min_length=1)
    beta: tuple[Annotated[float, Field(ge=0)], ...] = Field(default=(0.01, 0.1, 1.0), min_length=1)
    score: tuple[HeadScore, ...] = ()
    sharpness: tuple[Annotated[float, Field(gt=0)], ...] = ()
    seed: tuple[int, ...] = ()

    @property
    def points(self) -> list[HyperParameters]:
        """All combinations, learning rate slowest."""
        axes = {name: getattr(self, name) or (None,) for name in HyperParameters.model_fields}
        return [HyperParameters(**dict(zip(axes, values, strict=True))) for values in product(*axes.values())]

    @classmethod
    def load(cls, name: "str | Path | Grid") -> "Grid":
        """Return the grid called `name` (one of GRIDS), the one in a YAML file, or `name` itself where it is a grid.

        Raises
        ------
        DataError
            When there is neither such a name nor such a file, or the file is not a grid.
        """
        if isinstance(name, Grid):
            return name
        if str(name) in GRIDS:
            return GRIDS[str(name)]
        path = Path(name)
        if path.suffix not in {".yaml", ".yml"} or not path.is_file():
            raise DataError(f"no grid called '{name}'; use {', '.join(GRIDS)} or the path of a .yaml file")
        try:
            values = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise DataError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
        if not isinstance(values, dict):
            raise DataError(f"{path} must hold the lists learning_rate, alpha and beta, for example 'alpha: [0.1, 1]'")
        return cls.from_dict({key: value if isinstance(value, list) else [value] for key, value in values.items()})


GRIDS: dict[str, Grid] = {
    "paper": Grid(),
    "fast": Grid(learning_rate=(4e-4, 1e-4), alpha=(0.1,), beta=(0.01, 1.0)),
}
"""Grids by name; ``paper`` is the 27-point grid of METHOD, "Training, as in the paper's experiments"."""


class AutoSettings(FrozenConfig):
    """How the softmax response is corrected (:class:`adue.correction.CorrectedResponse`).

    Attributes
    ----------
    prior_variance
        Of each weight, for inputs of unit variance: with 0.03 a few hundred rows move the score a little way only.
    head_prior_variance
        The same for the ranking head's weight.
    head_learning_rate, head_beta, head_epochs, head_batch_size
        How the ranking head is trained (:func:`adue.ranking.fit_ranking_head`); beta pulls to its starting weights.
    fade
        Quantiles of the held-out rows' distance between which the correction goes from whole to nothing.
    class_fade
        The same for what depends on the predicted class: which class is wrong more often changes first abroad.
    reference_rows
        Most training rows that distances are measured to: 1,000 rank rows as 6,000 do, and are little to store.
    """

    score: Literal["auto"] = "auto"
    prior_variance: float = Field(default=0.03, gt=0)
    head_prior_variance: float = Field(default=0.3, gt=0)
    head_learning_rate: float = Field(default=1e-3, gt=0)
    head_beta: float = Field(default=0.01, ge=0)
    head_epochs: int = Field(default=20, ge=0)
    head_batch_size: int = Field(default=256, gt=1)
    fade: tuple[Fraction, Fraction] = (0.4, 0.85)
    class_fade: tuple[Fraction, Fraction] = (0.2, 0.6)
    reference_rows: int = Field(default=1000, ge=2)
    seed: int = 0

    @model_validator(mode="after")
    def _fades_rise(self) -> Self:
        if not (self.fade[0] < self.fade[1] and self.class_fade[0] < self.class_fade[1]):
            raise ValueError("a fade goes from a smaller to a larger quantile, such as 0.4 to 0.85")
        return self


class FitSettings(FrozenConfig):
    """How every head of a grid is trained; the defaults are the paper's.

    Attributes
    ----------
    sharpness
        lambda of SmoothMax.
    patience
        Epochs without a better validation AUROC before a head stops.
    train_dense
        Whether the first layer of a two-layer head learns too; False is a hundred times faster.
    halving_factor
        Successive halving: after 3 epochs only one in so many heads of each seed goes on, the best so far, and again
        when so many times as many epochs have gone by. None trains all heads to their own end.
    right_per_error
        Learn from this many right rows per error only, the predicted classes in proportion. None takes all.
    """

    score: HeadScore = "smoothmax"
    sharpness: float = Field(default=100.0, gt=0)
    batch_size: int = Field(default=256, gt=0)
    max_epochs: int = Field(default=50, gt=0)
    patience: int = Field(default=5, gt=0)
    warmup_fraction: float = Field(default=0.1, ge=0, lt=1)
    train_dense: bool = True
    halving_factor: int | None = Field(default=None, ge=2)
    right_per_error: float | None = Field(default=None, gt=0)
    seed: int = 0

    @model_validator(mode="after")
    def _norm_needs_an_order_above_one(self) -> Self:
        if self.score == "log_smoothmax" and self.sharpness <= 1:
            raise ValueError("log_smoothmax needs a sharpness above 1")
        return self


Settings = Annotated[AutoSettings | FitSettings, Field(discriminator="score")]
"""How U is fitted."""

PRESETS: dict[str, AutoSettings | FitSettings] = {"auto": AutoSettings(), "paper": FitSettings()}
"""Settings by name; ``paper`` with the grid of the same name is the paper's exact method."""


def points_to_train(settings: AutoSettings | FitSettings, grid: Grid | None) -> list[HyperParameters]:
    """Return the grid of heads to train, by default the paper's; empty for the score ``auto``.

    Raises
    ------
    DataError
        When ``auto`` is given a grid.
    """
    if isinstance(settings, FitSettings):
        return (grid or GRIDS["paper"]).points
    if grid is not None:
        raise DataError("the score auto takes no grid; leave it out, or add --preset paper")
    return []


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
