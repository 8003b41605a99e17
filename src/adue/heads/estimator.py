"""Arrays in, scores out: fit an uncertainty head on features that are already there, with no model in sight."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from adue.foundation.config import (
    AdueConfig,
    AutoSettings,
    FitMetrics,
    FitSettings,
    Grid,
    Provenance,
    points_to_train,
)
from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet, class_ids
from adue.heads.correction import CorrectedResponse
from adue.heads.fading import FOLDS
from adue.heads.head import AdueHead, recover_linear_head, softmax_response
from adue.heads.ranking import ranking_epochs
from adue.heads.sweep import SweepResult, fit_heads
from adue.metrics import require_both
from adue.scores import ADUE, GaussianStatistics, baseline_scores

Array = TypeVar("Array", Tensor, np.ndarray)
VALIDATION_SHARE = 0.2
MIN_OF_EACH = 2
"""Errors, and right rows, needed on the validation side of the split: folds are made of them."""


@dataclass(frozen=True)
class FittedHead:
    """What turns features and logits into U, with everything that is known about it.

    Attributes
    ----------
    head
        The trained head, or for the score ``auto`` the correction of the softmax response.
    config
        What is saved beside it.
    sweep
        All grid points, where heads were trained in this process.
    """

    head: AdueHead | CorrectedResponse
    config: AdueConfig
    sweep: SweepResult | None = None

    @torch.no_grad()
    def uncertainty(
        self, features: Float[Tensor, "rows hidden"], logits: Float[Tensor, "rows classes"]
    ) -> Float[Tensor, " rows"]:
        """Return U in [0, 1] per row; higher means more likely wrong.

        Parameters
        ----------
        features, logits
            What entered the classification head, and what left it.

        Raises
        ------
        DataError
            When the features have another width than the head, or the logits do not go with them.
        """
        if features.shape[-1] != self.head.shape.hidden_size:
            raise DataError(
                f"the features have {features.shape[-1]} columns, the head was fitted on "
                f"{self.head.shape.hidden_size}; extract them from the same model"
            )
        if logits.shape != (len(features), self.head.shape.num_labels):
            raise DataError(
                f"the logits have shape {tuple(logits.shape)}, expected {(len(features), self.head.shape.num_labels)}: "
                "a row for each row of features and a column per class"
            )
        device = next(iter(self.head.state_dict().values())).device
        given = features.to(device).float()
        result: Tensor = (
            self.head(given, logits.to(device)) if isinstance(self.head, CorrectedResponse) else self.head(given)
        )
        return result


def fit_features(
    features: Array,
    logits: Array,
    labels: Array | Sequence[int],
    *,
    validation: FeatureSet | None = None,
    head: AdueHead | None = None,
    grid: Grid | None = None,
    settings: AutoSettings | FitSettings | None = None,
    id2label: Mapping[int, str] | None = None,
    provenance: Provenance | None = None,
    device: str | torch.device = "cpu",
    on_epoch: Callable[[int], None] | None = None,
) -> FittedHead:
    """Return U fitted as `settings` say: for ``auto`` a correction, else the best grid point by validation AUROC.

    Parameters
    ----------
    features, logits, labels
        Shapes (rows, hidden), (rows, classes), (rows,): what entered the classification head, what left it, truth.
    validation
        Rows to choose on, or for ``auto`` to learn from: rows the classifier was not trained on. Without them a fifth
        of the rows, stratified by error, is set aside.
    head
        The classifier's own head. Without it a linear head is recovered from features and logits.
    grid
        The heads to train, by default the paper's; ``auto`` takes none.
    settings
        By default ``auto``; ``PRESETS["paper"]`` for the paper's method.
    device
        Where the heads of a grid learn; ``auto`` needs none.

    Raises
    ------
    DataError
        When rows are not finite or do not match, some are out of scope, there are no errors (or only errors) to learn
        from, the logits are not a linear function of the features and `head` is not given, or `auto` is given a grid.

    Examples
    --------
    >>> features = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    >>> labels = (features[:, 0] > 0).long()
    >>> logits = features[:, 2:] - features[:, :2]
    >>> fitted = fit_features(features, logits, labels)
    >>> fitted.uncertainty(features, logits).shape
    torch.Size([100])
    """
    settings = settings or AutoSettings()
    points = points_to_train(settings, grid)
    rows = FeatureSet(_tensor(features), _tensor(logits), class_ids(labels))
    rows.require_classes()
    if validation is None or isinstance(settings, FitSettings):
        require_both(rows.errors.numpy(), "training")
    train, held_out = _set_aside(rows, settings.seed) if validation is None else (rows, _float32(validation))
    held_out.require_classes()
    original = head or recover_linear_head(rows.features, rows.logits)
    fitted: AdueHead | CorrectedResponse
    if isinstance(settings, AutoSettings):
        sweep, fitted = None, CorrectedResponse.fit(train, held_out, original, settings)
        auroc = _cross_validated_auroc(train, held_out, fitted.head, settings)
        epochs = ranking_epochs(len(train), settings)
    else:
        sweep = fit_heads(train, held_out, original, points, settings, device=device, on_epoch=on_epoch)
        fitted, settings = sweep.head(sweep.best), sweep.points[sweep.best].applied_to(settings)
        auroc, epochs = float(sweep.validation_auroc[sweep.best]), sweep.epochs[sweep.best]
    config = AdueConfig(
        adue_version=version("adue"),
        head=fitted.shape,
        head_sha256=tensors_sha256(fitted.state_dict()),
        id2label=dict(id2label or {label: f"LABEL_{label}" for label in range(rows.num_labels)}),
        settings=settings,
        hyperparameters=sweep.points[sweep.best] if sweep else None,
        metrics=_metrics(train, held_out, fitted, auroc, epochs),
        provenance=provenance,
    )
    return FittedHead(fitted, config, sweep)


def _cross_validated_auroc(train: FeatureSet, held_out: FeatureSet, head: AdueHead, settings: AutoSettings) -> float:
    """Return the AUROC of U on held-out rows, each scored by a correction that other held-out rows showed."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    errors = held_out.errors.numpy()
    folds = min(FOLDS, int(errors.sum()), int((~errors).sum()))
    if folds < MIN_OF_EACH:
        raise DataError(
            f"{int(errors.sum())} of {len(held_out)} validation rows are errors: too few to learn from; give more rows"
        )
    u = np.empty(len(held_out))
    for others, fold in StratifiedKFold(folds, shuffle=True, random_state=settings.seed).split(u, errors):
        rows = held_out.select(torch.from_numpy(fold))
        learned = held_out.select(torch.from_numpy(others))
        correction = CorrectedResponse.fit(train, learned, head, settings, ranking_head=head)
        u[fold] = correction(rows.features, rows.logits).numpy()
    return float(roc_auc_score(errors, u))


def score_features(
    features: Array,
    logits: Array,
    *,
    fitted: FittedHead | None = None,
    train: FeatureSet | None = None,
    original: AdueHead | None = None,
) -> dict[str, np.ndarray]:
    """Return every score that can be computed, by name, each of shape (rows,); higher means more likely wrong.

    Parameters
    ----------
    fitted
        Adds the score ``adue``, in [0, 1].
    train
        Training rows with labels; adds the distances to them.
    original
        The classifier's own head: distances are measured on its last hidden layer; without it, on the features.

    Raises
    ------
    DataError
        When rows are not finite or do not match.

    Examples
    --------
    >>> scores = score_features(np.zeros((1, 3)), np.array([[2.0, 0.0]]))
    >>> {name: float(values[0].round(2)) for name, values in scores.items()}
    {'softmax-response': 0.24, 'entropy': 0.37, 'margin': 0.24, 'energy': -2.13}
    """
    rows = FeatureSet(_tensor(features), _tensor(logits))
    hidden = original.hidden if original is not None else lambda x: x
    with torch.no_grad():
        statistics = None
        if train is not None:
            statistics = GaussianStatistics.fit(hidden(train.features), train.require_classes())
        scores = baseline_scores(rows, hidden(rows.features), statistics)
        if fitted is not None:
            scores[ADUE] = fitted.uncertainty(rows.features, rows.logits)
    return {name: values.double().numpy() for name, values in scores.items()}


def _tensor(array: Tensor | np.ndarray) -> Tensor:
    return torch.as_tensor(array).detach().cpu().float()


def _float32(rows: FeatureSet) -> FeatureSet:
    labels = None if rows.labels is None else class_ids(rows.labels)
    return FeatureSet(_tensor(rows.features), _tensor(rows.logits), labels)


def _set_aside(rows: FeatureSet, seed: int) -> tuple[FeatureSet, FeatureSet]:
    from sklearn.model_selection import train_test_split

    errors = rows.errors.numpy()
    too_few = DataError(
        f"{int(errors.sum())} of {len(rows)} rows are errors: too few rows to set validation rows aside; "
        "give more rows, or validation rows"
    )
    if min(errors.sum(), (~errors).sum()) < MIN_OF_EACH or len(rows) < MIN_OF_EACH / VALIDATION_SHARE:
        raise too_few
    train, held_out = train_test_split(
        np.arange(len(rows)), test_size=VALIDATION_SHARE, stratify=errors, random_state=seed
    )
    if min(errors[held_out].sum(), (~errors[held_out]).sum()) < MIN_OF_EACH:
        raise too_few
    return rows.select(torch.from_numpy(train)), rows.select(torch.from_numpy(held_out))


def _metrics(
    train: FeatureSet, validation: FeatureSet, fitted: AdueHead | CorrectedResponse, auroc: float, epochs: int
) -> FitMetrics:
    from sklearn.metrics import roc_auc_score

    errors = validation.errors
    assert validation.labels is not None  # noqa: S101 - errors would have raised
    reference = softmax_response(validation.logits.double())
    return FitMetrics(
        train_rows=len(train),
        train_errors=int(train.errors.sum()),
        validation_rows=len(validation),
        validation_errors=int(errors.sum()),
        validation_majority_accuracy=float(validation.labels.bincount().max()) / len(validation),
        validation_auroc=auroc,
        validation_auroc_softmax_response=float(roc_auc_score(errors.numpy(), reference.numpy())),
        epochs=epochs,
        ranks_as_softmax_response=isinstance(fitted, CorrectedResponse) and fitted.ranks_as_softmax_response,
    )
