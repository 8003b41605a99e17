"""Rows for methods that learn errors: three disjoint sets seen by one classifier, and new ones."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from adue.foundation.config import Activation
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.metrics import auroc
from adue.research.methods.method import FitRows, Method, ScoreRows
from tests.support.rows import random_head, rows_of

INSIDE, WIDTH, SCALE = 6, 96, 4.0
"""As in a language model, few directions matter and each is seen by many features: so small steps go far."""


def fit_rows(
    *, classes: int = 3, activation: Activation | None = None, seed: int = 0, wrong: float = 0.3, adapter: int = 0
) -> FitRows:
    """Return 400 training, 200 selection and 200 calibration rows whose errors follow one direction of six.

    `adapter` chooses between classifiers that see the same rows, and err on the same ones.
    """
    train, selection, calibration = (_rows(n, classes, activation, adapter, wrong) for n in (400, 201, 202))
    return FitRows(train, selection, calibration, _wide_head(classes, activation, adapter), seed)


def new_rows(rows: FitRows, adapter: int = 0) -> FeatureSet:
    """Return 400 rows more, as seen by the classifier of `rows`."""
    shape = rows.classifier_head.shape
    return _rows(404, shape.num_labels, shape.activation, adapter)


def always_right(rows: FeatureSet) -> FeatureSet:
    return replace(rows, labels=rows.predictions)


def without_errors(part: str) -> FitRows:
    """Return rows whose training or selection part has no errors."""
    rows = fit_rows()
    if part == "train":
        return replace(rows, train=always_right(rows.train))
    return replace(rows, selection=always_right(rows.selection))


def unlabelled(rows: FeatureSet) -> FeatureSet:
    return replace(rows, labels=None)


def u_of(method: Method, rows: FitRows, scored: FeatureSet | None = None) -> np.ndarray:
    """Return u of rows whose labels the method does not see; of new ones where none are given."""
    return method.fit(rows)(ScoreRows(unlabelled(scored or new_rows(rows)))).numpy()


def auroc_of(method: Method, rows: FitRows) -> float:
    return float(auroc(u_of(method, rows), new_rows(rows).errors.numpy()))


def _rows(
    rows: int, classes: int, activation: Activation | None = None, adapter: int = 0, wrong: float = 0.3
) -> FeatureSet:
    inside = rows_of(random_head(INSIDE), rows, wrong, seed=rows)
    noise = torch.randn(rows, WIDTH, generator=torch.Generator().manual_seed(rows + adapter))
    features = SCALE * (inside.features @ _directions(adapter) + 0.1 * noise)
    with torch.no_grad():
        logits = _wide_head(classes, activation, adapter).logits(features)
    answers = logits.argmax(dim=-1)
    return FeatureSet(features, logits, torch.where(inside.errors, (answers + 1) % classes, answers))


def _directions(adapter: int) -> Tensor:
    return torch.randn(INSIDE, WIDTH, generator=torch.Generator().manual_seed(adapter))


def _wide_head(classes: int, activation: Activation | None, adapter: int) -> AdueHead:
    head = random_head(WIDTH, classes, activation, seed=adapter)
    return AdueHead.from_weights(head.shape, {name: w / WIDTH / SCALE**0.5 for name, w in head.state_dict().items()})
