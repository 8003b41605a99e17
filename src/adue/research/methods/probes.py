"""Probes: classifiers of errors on the features alone, which know nothing of the classifier's head.

Both see errors as often as right rows, so that their u ranks and is no probability.
"""

from collections.abc import Iterator
from copy import deepcopy

import numpy as np
import torch
from jaxtyping import Float
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from adue.research.methods.method import FitRows, Method, Scorer, ScoreRows
from adue.research.methods.selection import best_on_selection, require_learnable

LINEAR_PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""C of the logistic regression; standardised features of a language model need small ones."""

MLP_UNITS = 64
MLP_PENALTIES = (1e-4, 1e-2, 1.0)
MLP_EPOCHS = 50


def fit_linear_probe(rows: FitRows) -> Scorer:
    """Return a logistic regression from features to error, its C chosen on the selection rows; u is its log-odds.

    The problem is convex and solved from zero: what it learns owes nothing to the classifier's own head.

    Raises
    ------
    DataError
        When the training or the selection rows are all right or all wrong.
    """
    require_learnable(rows)
    train, selection = _array(rows.train.features), _array(rows.selection.features)

    def candidates() -> Iterator[tuple[Pipeline, np.ndarray]]:
        for penalty in LINEAR_PENALTIES:
            regression = LogisticRegression(C=penalty, class_weight="balanced", max_iter=2000)
            probe = make_pipeline(StandardScaler(), regression).fit(train, rows.train.errors.numpy())
            yield probe, probe.decision_function(selection)

    best = best_on_selection(candidates(), rows.selection.errors.numpy())

    def score(given: ScoreRows) -> Tensor:
        return torch.from_numpy(best.decision_function(_array(given.rows.features)))

    return score


def fit_mlp_probe(rows: FitRows) -> Scorer:
    """Return a network of one hidden layer from features to error; u is its probability of an error.

    Every epoch draws its rows with replacement, as many as the training set has, so that errors and right rows weigh
    the same.
    Weight decay and number of epochs are chosen on the selection rows.

    Raises
    ------
    DataError
        When the training or the selection rows are all right or all wrong.
    """
    require_learnable(rows)
    scaler = StandardScaler().fit(_array(rows.train.features))
    train, selection = (scaler.transform(_array(part.features)) for part in (rows.train, rows.selection))
    best = best_on_selection(
        _mlp_candidates(train, rows.train.errors.numpy(), selection, rows.seed), rows.selection.errors.numpy()
    )

    def score(given: ScoreRows) -> Tensor:
        return torch.from_numpy(best.predict_proba(scaler.transform(_array(given.rows.features)))[:, 1])

    return score


def _mlp_candidates(
    train: Float[np.ndarray, "rows hidden"],
    errors: np.ndarray,
    selection: Float[np.ndarray, "held_out hidden"],
    seed: int,
) -> Iterator[tuple[MLPClassifier, np.ndarray]]:
    share = errors.mean()
    weights = np.where(errors, 1 / share, 1 / (1 - share)) / (2 * len(errors))
    for penalty in MLP_PENALTIES:
        draws = np.random.default_rng(seed)
        probe = MLPClassifier((MLP_UNITS,), alpha=penalty, random_state=seed)
        for _ in range(MLP_EPOCHS):
            drawn = draws.choice(len(errors), len(errors), p=weights)
            probe.partial_fit(train[drawn], errors[drawn], classes=[False, True])
            yield deepcopy(probe), probe.predict_proba(selection)[:, 1]


def _array(features: Float[Tensor, "rows hidden"]) -> Float[np.ndarray, "rows hidden"]:
    return features.double().numpy()


PROBE_METHODS = (
    Method("linear-probe", "Alain and Bengio 2016, arXiv 1610.01644", fit_linear_probe),
    Method("mlp-probe", "Azaria and Mitchell 2023, arXiv 2304.13734", fit_mlp_probe),
)
"""Error classifiers on the features, from a start that knows nothing."""
