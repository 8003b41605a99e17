"""Arrays in, scores out: fit an uncertainty head on features that are already there, with no model in sight."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Float
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from torch import Tensor

from adue.config import GRIDS, AdueConfig, FitMetrics, FitSettings, Grid, HeadShape, Provenance
from adue.digests import tensors_sha256
from adue.errors import DataError
from adue.head import AdueHead, softmax_response
from adue.metrics import require_both
from adue.scores import ADUE, GaussianStatistics, baseline_scores
from adue.sweep import SweepResult, fit_heads
from adue.types import FeatureSet

Array = TypeVar("Array", Tensor, np.ndarray)
VALIDATION_SHARE = 0.2
MIN_OF_EACH = 2
"""Errors, and right rows, needed so that both sides of the split can have one."""


@dataclass(frozen=True)
class FittedHead:
    """An uncertainty head with everything that is known about it.

    Attributes
    ----------
    head
        The trained head.
    config
        What is saved beside it.
    sweep
        All grid points, where the head was fitted in this process and not loaded.
    """

    head: AdueHead
    config: AdueConfig
    sweep: SweepResult | None = None

    @torch.no_grad()
    def uncertainty(self, features: Float[Tensor, "rows hidden"]) -> Float[Tensor, " rows"]:
        """Return U in [0, 1] per row; higher means more likely wrong.

        Raises
        ------
        DataError
            When the features have another width than the head.
        """
        if features.shape[-1] != self.head.shape.hidden_size:
            raise DataError(
                f"the features have {features.shape[-1]} columns, the head was fitted on "
                f"{self.head.shape.hidden_size}; extract them from the same model"
            )
        result: Tensor = self.head(features.to(self.head.out_weight.device).float())
        return result


def fit_features(
    features: Array,
    logits: Array,
    labels: Array | Sequence[int],
    *,
    validation: FeatureSet | None = None,
    head: AdueHead | None = None,
    grid: Grid | None = None,
    settings: FitSettings | None = None,
    id2label: Mapping[int, str] | None = None,
    provenance: Provenance | None = None,
    on_epoch: Callable[[int], None] | None = None,
) -> FittedHead:
    """Return the head of the best grid point by validation AUROC.

    Parameters
    ----------
    features, logits, labels
        Shapes (rows, hidden), (rows, classes), (rows,): what entered the classification head, what left it, truth.
    validation
        Rows to choose on; without them a fifth of the rows, stratified by error, is set aside.
    head
        The classifier's own head. Without it a linear head is recovered from features and logits.
    grid, settings
        The paper's by default.

    Raises
    ------
    DataError
        When rows are not finite or do not match, there are no errors (or only errors) to learn from, or the logits
        are not a linear function of the features and `head` is not given.

    Examples
    --------
    >>> features = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))
    >>> labels = (features[:, 0] > 0).long()
    >>> fitted = fit_features(features, features[:, 2:] - features[:, :2], labels, grid=GRIDS["fast"])
    >>> fitted.uncertainty(features).shape
    torch.Size([100])
    """
    settings = settings or FitSettings()
    rows = FeatureSet(_tensor(features), _tensor(logits), _labels(labels))
    require_both(rows.errors.numpy(), "training")
    train, held_out = _set_aside(rows, settings.seed) if validation is None else (rows, _float32(validation))
    original = head or recover_linear_head(rows.features, rows.logits)
    sweep = fit_heads(train, held_out, original, (grid or GRIDS["paper"]).points, settings, on_epoch=on_epoch)
    best = sweep.head(sweep.best)
    config = AdueConfig(
        adue_version=version("adue"),
        head=best.shape,
        head_sha256=tensors_sha256(best.state_dict()),
        id2label=dict(id2label or {label: f"LABEL_{label}" for label in range(rows.num_labels)}),
        settings=settings,
        hyperparameters=sweep.points[sweep.best],
        metrics=_metrics(train, held_out, sweep),
        provenance=provenance,
    )
    return FittedHead(best, config, sweep)


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
            if train.labels is None:
                raise DataError("the distances need the training rows' labels; add a label column")
            statistics = GaussianStatistics.fit(hidden(train.features), train.labels)
        scores = baseline_scores(rows, hidden(rows.features), statistics)
        if fitted is not None:
            scores[ADUE] = fitted.uncertainty(rows.features)
    return {name: values.double().numpy() for name, values in scores.items()}


def recover_linear_head(features: Float[Tensor, "rows hidden"], logits: Float[Tensor, "rows classes"]) -> AdueHead:
    """Return the linear head that gave `logits` from `features`, by least squares.

    Raises
    ------
    DataError
        When no linear head reproduces the logits to a thousandth of their size.

    Examples
    --------
    >>> features = torch.tensor([[0.0], [1.0], [3.0]])
    >>> head = recover_linear_head(features, torch.cat([2 - features, 1 - features], dim=-1))
    >>> head.out_bias.detach()
    tensor([2., 1.])
    """
    design = torch.cat([features, features.new_ones(len(features), 1)], dim=-1).double()
    solution = torch.linalg.lstsq(design, logits.double(), driver="gelsd").solution
    residual = (design @ solution - logits.double()).abs().max()
    if residual > 1e-3 * (1 + logits.abs().max()):
        raise DataError(
            f"the logits are not a linear function of the features (off by up to {float(residual):.3g}); "
            "pass the classifier's own head as head=AdueHead.from_weights(...)"
        )
    shape = HeadShape(hidden_size=features.shape[-1], num_labels=logits.shape[-1])
    return AdueHead.from_weights(shape, {"out_weight": solution[:-1].T, "out_bias": solution[-1]})


def _tensor(array: Tensor | np.ndarray) -> Tensor:
    return torch.as_tensor(array).detach().cpu().float()


def _float32(rows: FeatureSet) -> FeatureSet:
    return FeatureSet(_tensor(rows.features), _tensor(rows.logits), rows.labels)


def _labels(labels: Tensor | np.ndarray | Sequence[int]) -> Tensor:
    given = torch.as_tensor(labels).detach().cpu()
    whole = given.to(torch.int64)
    if not bool((whole == given).all()):
        raise DataError("labels must be whole numbers, the index of the class; map names with --label-map")
    return whole


def _set_aside(rows: FeatureSet, seed: int) -> tuple[FeatureSet, FeatureSet]:
    errors = rows.errors.numpy()
    if min(errors.sum(), (~errors).sum()) < MIN_OF_EACH or len(rows) < MIN_OF_EACH / VALIDATION_SHARE:
        raise DataError(
            f"{int(errors.sum())} of {len(rows)} rows are errors: too few rows to set validation rows aside; "
            "give more rows, or validation rows"
        )
    train, held_out = train_test_split(
        np.arange(len(rows)), test_size=VALIDATION_SHARE, stratify=errors, random_state=seed
    )
    return rows.select(torch.from_numpy(train)), rows.select(torch.from_numpy(held_out))


def _metrics(train: FeatureSet, validation: FeatureSet, sweep: SweepResult) -> FitMetrics:
    errors = validation.errors
    assert validation.labels is not None  # noqa: S101 - errors would have raised
    reference = softmax_response(validation.logits.double())
    return FitMetrics(
        train_rows=len(train),
        train_errors=int(train.errors.sum()),
        validation_rows=len(validation),
        validation_errors=int(errors.sum()),
        validation_majority_accuracy=float(validation.labels.bincount().max()) / len(validation),
        validation_auroc=float(sweep.validation_auroc[sweep.best]),
        validation_auroc_softmax_response=float(roc_auc_score(errors.numpy(), reference.numpy())),
        epochs=sweep.epochs[sweep.best],
    )
