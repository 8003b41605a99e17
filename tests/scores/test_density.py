import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from numpy import ndarray
from sklearn.covariance import LedoitWolf

from adue.foundation.errors import DataError
from adue.scores.density import ClassDensities, negative_log_density

DRAW = np.random.default_rng(0)


def by_hand(rows: ndarray, train: ndarray, labels: ndarray) -> ndarray:
    joint = []
    for label in np.unique(labels):
        of_class = train[labels == label]
        mean = of_class.mean(axis=0)
        covariance = LedoitWolf(assume_centered=True).fit(of_class - mean).covariance_
        density = scipy.stats.multivariate_normal(mean, covariance)
        joint.append(density.logpdf(rows) + np.log(len(of_class) / len(train)))
    return np.asarray(-scipy.special.logsumexp(joint, axis=0))


@pytest.mark.parametrize(("per_class", "hidden"), [(60, 4), (6, 20)], ids=["many rows", "fewer rows than dimensions"])
def test_equals_discriminant_analysis_with_the_covariances_of_scikit_learn(per_class: int, hidden: int) -> None:
    labels = np.repeat([0, 2, 5], per_class)  # classes 1, 3 and 4 do not occur
    train = DRAW.normal(size=(3 * per_class, hidden)) * np.linspace(0.2, 3, hidden) + labels[:, None]
    rows = DRAW.normal(scale=2, size=(15, hidden))
    densities = ClassDensities.fit(torch.tensor(train), torch.tensor(labels))
    result = negative_log_density(torch.tensor(rows), densities).numpy()
    np.testing.assert_allclose(result, by_hand(rows, train, labels), rtol=1e-6)


def test_a_rare_class_is_less_likely() -> None:
    train = torch.tensor([[-1.0], [1.0], [-1.0], [1.0], [9.0], [11.0]])
    densities = ClassDensities.fit(train, torch.tensor([0, 0, 0, 0, 1, 1]))
    of_common, of_rare = negative_log_density(torch.tensor([[0.0], [10.0]]), densities)
    assert float(of_rare - of_common) == pytest.approx(np.log(2))


def test_a_class_of_one_row_has_the_covariance_within_all_classes() -> None:
    train = torch.tensor([[0.0, 0.0], [2.0, 1.0], [4.0, -1.0], [50.0, 50.0]])
    densities = ClassDensities.fit(train, torch.tensor([0, 0, 0, 1]))
    near, far = negative_log_density(torch.tensor([[50.5, 50.0], [53.0, 50.0]]), densities)
    assert far > near
    assert near.isfinite()


def test_identical_rows_give_finite_densities() -> None:
    densities = ClassDensities.fit(torch.ones(4, 3), torch.tensor([0, 0, 1, 1]))
    at, off = negative_log_density(torch.tensor([[1.0, 1.0, 1.0], [2.0, 0.0, 1.0]]), densities)
    assert off > at
    assert off.isfinite()


def test_two_rows_are_needed() -> None:
    with pytest.raises(DataError, match=r"^a density needs at least two training rows; give more rows$"):
        ClassDensities.fit(torch.ones(1, 3), torch.tensor([0]))
