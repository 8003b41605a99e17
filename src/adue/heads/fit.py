"""Arrays in, a fitted head out: fit an uncertainty on features that are already there, with no model in sight."""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import TypeVar

import numpy as np
import torch
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
from adue.foundation.defaults import MIN_OF_EACH, VALIDATION_SHARE
from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet, class_ids
from adue.heads.fitted import FittedHead
from adue.heads.head import AdueHead, recover_linear_head
from adue.heads.kinds import FitInputs, FitOutcome, kind_of
from adue.metrics import require_both
from adue.scores.outputs import softmax_response

Array = TypeVar("Array", Tensor, np.ndarray)


def fit_features(
    features: Array,
    logits: Array,
    labels: Array | Sequence[int],
    *,
    validation: FeatureSet | None = None,
    classifier_head: AdueHead | None = None,
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
    classifier_head
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
        from, the logits are not a linear function of the features and `classifier_head` is not given, or ``auto`` is
        given a grid.

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
    points, kind = points_to_train(settings, grid), kind_of(settings)
    rows = FeatureSet(_tensor(features), _tensor(logits), class_ids(labels))
    rows.require_classes()
    if validation is None or kind.needs_training_errors:
        require_both(rows.errors.numpy(), "training")
    train, held_out = _set_aside(rows, settings.seed) if validation is None else (rows, _float32(validation))
    held_out.require_classes()
    outcome = kind.fit(
        FitInputs(
            train,
            held_out,
            classifier_head or recover_linear_head(rows.features, rows.logits),
            points,
            sweep_options={"device": device, "on_epoch": on_epoch},
        ),
        settings,
    )
    config = AdueConfig(
        adue_version=version("adue"),
        head=outcome.uncertainty_head.shape,
        head_sha256=tensors_sha256(outcome.uncertainty_head.state_dict()),
        id2label=dict(id2label or {label: f"LABEL_{label}" for label in range(rows.num_labels)}),
        settings=outcome.settings,
        hyperparameters=outcome.hyperparameters,
        metrics=_metrics(train, held_out, outcome),
        provenance=provenance,
    )
    return FittedHead(outcome.uncertainty_head, config, outcome.sweep)


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


def _metrics(train: FeatureSet, validation: FeatureSet, outcome: FitOutcome) -> FitMetrics:
    from sklearn.metrics import roc_auc_score

    errors, labels = validation.errors, validation.require_classes()
    reference = softmax_response(validation.logits)
    return FitMetrics(
        train_rows=len(train),
        train_errors=int(train.errors.sum()),
        validation_rows=len(validation),
        validation_errors=int(errors.sum()),
        validation_majority_accuracy=float(labels.bincount().max()) / len(validation),
        validation_auroc=outcome.validation_auroc,
        validation_auroc_softmax_response=float(roc_auc_score(errors.numpy(), reference.numpy())),
        epochs=outcome.epochs,
        ranks_as_softmax_response=outcome.ranks_as_softmax_response,
    )
