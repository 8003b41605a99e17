"""How U is fitted: the settings of the score ``auto``, those of trained heads, and what differs from head to head."""

from typing import Annotated, ClassVar, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from adue.foundation.config.frozen import Fraction, FrozenConfig

Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""A seed that every library which draws something accepts."""
HeadScore = Literal["smoothmax", "log_smoothmax", "entropy"]
"""How the logits of a trained head become U."""
ScoreName = Literal["auto", "smoothmax", "log_smoothmax", "entropy"]
"""``auto`` corrects the softmax response by what validation rows show, and needs no grid of heads."""


Variances = Annotated[
    tuple[Annotated[float, Field(gt=0)], ...],
    Field(min_length=1),
    BeforeValidator(lambda value: (value,) if isinstance(value, int | float) else value),
]
"""One number or several."""


class AutoSettings(FrozenConfig):
    """How the softmax response is corrected (:class:`adue.heads.correction.CorrectedResponse`).

    Attributes
    ----------
    prior_variance
        Of each weight, for inputs of unit variance: with 0.03 a few hundred rows move the score a little way only.
    head_prior_variance
        The same for the ranking head's weight: one or several to choose from.
    head_learning_rate, head_epochs, head_batch_size
        How the ranking head is trained (:func:`adue.heads.ranking.fit_ranking_head`).
    head_steps
        Steps at most, so that very many training rows take no longer.
    head_beta
        How strongly the head is pulled to its starting weights. Zero: held-out rows say how far it is to be trusted.
    fade
        Quantiles of the held-out rows' distance between which the correction goes from whole to nothing.
    class_fade
        The same for what depends on the predicted class: which class is wrong more often changes first on shifted data.
    required_gain
        By how many standard errors the cross-validated AUROC on the held-out rows must rise for more to be corrected;
        where it never does, U ranks as the softmax response (:func:`adue.heads.fading.fit_weakest`). None asks for
        nothing.
    reference_rows
        Most training rows that distances are measured to: 1,000 rank rows as 6,000 do, and are little to store.
    """

    takes_grid: ClassVar[bool] = False

    score: Literal["auto"] = "auto"
    prior_variance: float = Field(default=0.03, gt=0)
    head_prior_variance: Variances = (0.03, 0.3)
    head_learning_rate: float = Field(default=1e-3, gt=0)
    head_beta: float = Field(default=0.0, ge=0)
    head_epochs: int = Field(default=200, ge=0)
    head_steps: int = Field(default=5000, ge=0)
    head_batch_size: int = Field(default=256, gt=1)
    fade: tuple[Fraction, Fraction] = (0.5, 0.95)
    class_fade: tuple[Fraction, Fraction] = (0.2, 0.6)
    required_gain: float | None = Field(default=1.0, ge=0)
    reference_rows: int = Field(default=1000, ge=2)
    seed: Seed = 0

    @model_validator(mode="after")
    def _fades_rise(self) -> Self:
        if not (self.fade[0] < self.fade[1] and self.class_fade[0] < self.class_fade[1]):
            raise ValueError("a fade goes from a smaller to a larger quantile, such as 0.5 to 0.95")
        return self

    @property
    def most_epochs(self) -> int | None:
        """Number of epochs to report progress on: None, since the fit reports none."""
        return None

    @property
    def summary(self) -> str:
        """The score in a few words."""
        return self.score


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
        Successive halving by f: after 3, 3 f, 3 f^2 ... epochs only the best 1/f of the heads of each seed go on. None
        trains all heads to their own end.
    right_per_error
        Learn from this number of right rows per error only, the predicted classes in proportion. None takes all.
    """

    takes_grid: ClassVar[bool] = True

    score: HeadScore = "smoothmax"
    sharpness: float = Field(default=100.0, gt=0)
    batch_size: int = Field(default=256, gt=0)
    max_epochs: int = Field(default=50, gt=0)
    patience: int = Field(default=5, gt=0)
    warmup_fraction: float = Field(default=0.1, ge=0, lt=1)
    train_dense: bool = True
    halving_factor: int | None = Field(default=None, ge=2)
    right_per_error: float | None = Field(default=None, gt=0)
    seed: Seed = 0

    @model_validator(mode="after")
    def _norm_needs_an_order_above_one(self) -> Self:
        if self.score == "log_smoothmax" and self.sharpness <= 1:
            raise ValueError("log_smoothmax needs a sharpness above 1")
        return self

    @property
    def most_epochs(self) -> int | None:
        """Number of epochs to report progress on."""
        return self.max_epochs

    @property
    def summary(self) -> str:
        """The score in a few words."""
        return f"{self.score}, lambda {self.sharpness:g}"


class HyperParameters(FrozenConfig):
    """One point of the grid: learning rate and the weights of the two pulls (alpha: softmax, beta: L2-SP).

    A score, sharpness or seed of None is that of the settings it is trained with.
    """

    learning_rate: float = Field(default=1e-4, gt=0)
    alpha: float = Field(default=0.1, ge=0)
    beta: float = Field(default=0.1, ge=0)
    score: HeadScore | None = None
    sharpness: float | None = Field(default=None, gt=0)
    seed: Seed | None = None

    def applied_to(self, settings: "FitSettings") -> "FitSettings":
        """Return the settings with the score, sharpness and seed of this point.

        Raises
        ------
        DataError
            When score and sharpness do not go together.
        """
        own = self.model_dump(include={"score", "sharpness", "seed"}, exclude_none=True)
        return FitSettings.from_dict(settings.to_dict() | own)


Settings = Annotated[AutoSettings | FitSettings, Field(discriminator="score")]
"""How U is fitted."""

SETTINGS_TYPES: dict[ScoreName, type[AutoSettings | FitSettings]] = {
    "auto": AutoSettings,
    **dict.fromkeys(get_args(HeadScore), FitSettings),
}
"""The settings of each score."""

PRESETS: dict[str, AutoSettings | FitSettings] = {"auto": AutoSettings(), "paper": FitSettings()}
"""Settings by name; ``paper`` with the grid of the same name is the paper's exact method."""
