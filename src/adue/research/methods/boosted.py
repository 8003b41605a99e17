"""Gradient-boosted trees on what the classifier said and how far the row is from training: the strong simple rival."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from jaxtyping import Float
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import KFold
from sklearn.neighbors import NearestNeighbors
from torch import Tensor
from torch.nn.functional import normalize

from adue.foundation.defaults import FOLDS
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.research.methods.method import FitRows, Method, Scorer, ScoreRows
from adue.research.methods.selection import best_on_selection, require_learnable
from adue.scores.distances import GaussianStatistics, mahalanobis, relative_mahalanobis
from adue.scores.neighbours import NEIGHBOURS, fit_neighbours, neighbour_distance

TOP = 10
"""Largest logits and probabilities that the trees see; of fewer classes, all."""

MOST_CATEGORIES = 255
"""Limit of scikit-learn's histogram trees; beyond it, the predicted class is an ordinary number."""

LEARNING_RATES = (0.05, 0.15)
MOST_LEAVES = (4, 16)
MOST_TREES = 100


def fit_boosted(rows: FitRows) -> Scorer:
    """Return boosted trees from logits and distances to error; u is their log-odds.

    Size, learning rate and number of trees are chosen on the selection rows.

    Raises
    ------
    DataError
        When the training or the selection rows are all right or all wrong, or the training rows have no labels.
    """
    require_learnable(rows)
    reference = Reference.fit(rows.train, rows.classifier_head)
    train = np.column_stack([_outputs(rows.train), _training_distances(rows, reference)])
    errors = rows.train.errors.numpy()
    candidates = _candidates(train, errors, reference.columns(rows.selection), _untrained(rows))
    chosen = best_on_selection(candidates, rows.selection.errors.numpy())
    # The first trees of a longer run are the trees of a shorter one.
    trees = _untrained(rows).set_params(**chosen).fit(train, errors)

    def score(given: ScoreRows) -> Tensor:
        return torch.from_numpy(trees.decision_function(reference.columns(given.rows)))

    return score


@dataclass(frozen=True)
class Reference:
    """The training rows as something to be far from."""

    classifier_head: AdueHead
    statistics: GaussianStatistics
    neighbours: NearestNeighbors

    @classmethod
    def fit(cls, train: FeatureSet, classifier_head: AdueHead) -> "Reference":
        """Return what distances to `train` need, on the last hidden layer of `classifier_head`.

        Raises
        ------
        DataError
            When the rows have no labels or are fewer than two.
        """
        if train.labels is None:
            raise DataError("the distances need the training rows' labels; add a label column")
        hidden = _hidden(train, classifier_head)
        statistics = GaussianStatistics.fit(hidden, train.labels)
        neighbours = fit_neighbours(normalize(hidden), min(NEIGHBOURS, len(train) - 1))
        return cls(classifier_head, statistics, neighbours)

    def columns(self, rows: FeatureSet) -> Float[np.ndarray, "rows columns"]:
        """Return what the trees see of rows that were not trained on."""
        hidden = _hidden(rows, self.classifier_head)
        nearest = neighbour_distance(normalize(hidden), self.neighbours).numpy()
        return np.column_stack([_outputs(rows), *_mahalanobis(hidden, self.statistics), nearest])


def _hidden(rows: FeatureSet, head: AdueHead) -> Float[Tensor, "rows hidden"]:
    with torch.no_grad():
        return head.hidden(rows.features)


def _outputs(rows: FeatureSet) -> Float[np.ndarray, "rows columns"]:
    """Return the predicted class, then the largest logits and probabilities in order."""
    logits = rows.logits.double()
    top = min(TOP, rows.num_labels)
    largest = [logits.topk(top).values, logits.softmax(dim=-1).topk(top).values]
    return torch.column_stack([rows.predictions.double(), *largest]).numpy()


def _mahalanobis(hidden: Tensor, statistics: GaussianStatistics) -> list[np.ndarray]:
    return [distance(hidden, statistics).numpy() for distance in (mahalanobis, relative_mahalanobis)]


def _training_distances(rows: FitRows, reference: Reference) -> Float[np.ndarray, "rows 3"]:
    """Return the training rows' distances to the others, as if each had not been trained on.

    A row pulls means and covariances towards itself and is its own nearest neighbour: with these, distances would
    mean something else here than on new rows.
    """
    assert rows.train.labels is not None  # noqa: S101 - Reference.fit has looked
    hidden = _hidden(rows.train, rows.classifier_head)
    distances = np.empty((len(hidden), 3))
    folds = KFold(min(FOLDS, len(hidden)), shuffle=True, random_state=rows.seed)
    for inside, outside in folds.split(hidden):
        statistics = GaussianStatistics.fit(hidden[inside], rows.train.labels[inside])
        distances[outside, :2] = np.column_stack(_mahalanobis(hidden[outside], statistics))
    # Without rows to look up, scikit-learn leaves each row out of its own neighbours.
    distances[:, 2] = reference.neighbours.kneighbors()[0][:, -1]
    return distances


def _untrained(rows: FitRows) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        categorical_features=[0] if rows.train.num_labels <= MOST_CATEGORIES else None,
        early_stopping=False,
        random_state=rows.seed,
    )


def _candidates(
    train: np.ndarray, errors: np.ndarray, selection: np.ndarray, untrained: HistGradientBoostingClassifier
) -> Iterator[tuple[dict[str, float], np.ndarray]]:
    for rate, leaves in product(LEARNING_RATES, MOST_LEAVES):
        settings = {"learning_rate": rate, "max_leaf_nodes": leaves}
        trees = clone(untrained).set_params(**settings, max_iter=MOST_TREES).fit(train, errors)
        for count, u in enumerate(trees.staged_decision_function(selection), start=1):
            yield settings | {"max_iter": count}, u


BOOSTED_METHODS = (Method("gradient-boosted", "adue, after Friedman 2001", fit_boosted),)
"""Trees on outputs and distances."""
