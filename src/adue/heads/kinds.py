"""The two kinds of uncertainty: how each is fitted and how each is loaded. Nothing else asks which kind it has.

The settings say which: :class:`AutoSettings` the corrected softmax response, :class:`FitSettings` the best head of a
grid.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from adue.foundation.config import AutoSettings, FitSettings, HeadShape, HyperParameters
from adue.foundation.defaults import FOLDS, MIN_OF_EACH
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.correction import CorrectedResponse
from adue.heads.head import AdueHead
from adue.heads.ranking import ranking_epochs
from adue.heads.sweep import SweepResult, fit_heads

UncertaintyHead: TypeAlias = AdueHead | CorrectedResponse
"""Called with features and logits, each gives U in [0, 1] per row."""

Settings: TypeAlias = AutoSettings | FitSettings


@dataclass(frozen=True)
class FitInputs:
    """What an uncertainty is fitted to.

    Attributes
    ----------
    train, validation
        Labelled rows: those the classifier was trained on, and others.
    classifier_head
        The classifier's own head.
    points
        The heads of the grid, none for ``auto``.
    sweep_options
        ``device`` and ``on_epoch`` of :func:`adue.heads.sweep.fit_heads`.
    """

    train: FeatureSet
    validation: FeatureSet
    classifier_head: AdueHead
    points: list[HyperParameters]
    sweep_options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FitOutcome:
    """A fitted uncertainty and what was seen while it was fitted.

    Attributes
    ----------
    settings
        Those it was fitted by, with what the chosen grid point says otherwise.
    validation_auroc
        Of a head chosen on the validation rows; for ``auto``, which learns from them, cross-validated.
    """

    uncertainty_head: UncertaintyHead
    settings: Settings
    validation_auroc: float
    epochs: int
    ranks_as_softmax_response: bool = False
    sweep: SweepResult | None = None

    @property
    def hyperparameters(self) -> HyperParameters | None:
        """Those of the grid point that was chosen, None for ``auto``."""
        return None if self.sweep is None else self.sweep.points[self.sweep.best]


def _fit_correction(inputs: FitInputs, settings: AutoSettings) -> FitOutcome:
    correction = CorrectedResponse.fit(inputs.train, inputs.validation, inputs.classifier_head, settings)
    return FitOutcome(
        correction,
        settings,
        validation_auroc=_cross_validated_auroc(inputs, correction.ranking_head, settings),
        epochs=ranking_epochs(len(inputs.train), settings),
        ranks_as_softmax_response=correction.ranks_as_softmax_response,
    )


def _cross_validated_auroc(inputs: FitInputs, ranking_head: AdueHead, settings: AutoSettings) -> float:
    """Return the AUROC of U on validation rows, each scored by a correction that learned from other such rows."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    rows, errors = inputs.validation, inputs.validation.errors.numpy()
    folds = min(FOLDS, int(errors.sum()), int((~errors).sum()))
    if folds < MIN_OF_EACH:
        raise DataError(
            f"{int(errors.sum())} of {len(rows)} validation rows are errors: too few to learn from; give more rows"
        )
    u = np.empty(len(rows))
    for others, fold in StratifiedKFold(folds, shuffle=True, random_state=settings.seed).split(u, errors):
        left_out, learned = rows.select(torch.from_numpy(fold)), rows.select(torch.from_numpy(others))
        correction = CorrectedResponse.fit(
            inputs.train, learned, inputs.classifier_head, settings, ranking_head=ranking_head
        )
        u[fold] = correction(left_out.features, left_out.logits).numpy()
    return float(roc_auc_score(errors, u))


def _fit_best_head(inputs: FitInputs, settings: FitSettings) -> FitOutcome:
    sweep = fit_heads(
        inputs.train, inputs.validation, inputs.classifier_head, inputs.points, settings, **inputs.sweep_options
    )
    return FitOutcome(
        sweep.head(sweep.best),
        sweep.points[sweep.best].applied_to(settings),
        validation_auroc=float(sweep.validation_auroc[sweep.best]),
        epochs=sweep.epochs[sweep.best],
        sweep=sweep,
    )


def _load_correction(shape: HeadShape, _: AutoSettings, tensors: Mapping[str, Tensor]) -> CorrectedResponse:
    correction = CorrectedResponse(AdueHead(shape, "log_smoothmax"), references=len(tensors["reference"]))
    correction.load_state_dict(tensors)
    return correction.eval()


def _load_trained_head(shape: HeadShape, settings: FitSettings, tensors: Mapping[str, Tensor]) -> AdueHead:
    return AdueHead.from_weights(shape, tensors, settings.score, settings.sharpness)


@dataclass(frozen=True)
class Kind:
    """One kind of uncertainty.

    Attributes
    ----------
    fit
        From inputs and settings of this kind.
    load
        From the saved shape, settings of this kind and the saved tensors by name; raises KeyError or RuntimeError where
        they do not fit.
    needs_training_errors
        Whether some training rows have to be errors, and some not.
    """

    fit: Callable[[FitInputs, Any], FitOutcome]
    load: Callable[[HeadShape, Any, Mapping[str, Tensor]], UncertaintyHead]
    needs_training_errors: bool


_KINDS: dict[type[Settings], Kind] = {
    AutoSettings: Kind(_fit_correction, _load_correction, needs_training_errors=False),
    FitSettings: Kind(_fit_best_head, _load_trained_head, needs_training_errors=True),
}


def kind_of(settings: Settings) -> Kind:
    """Return how the uncertainty with these settings is fitted and loaded."""
    return _KINDS[type(settings)]
