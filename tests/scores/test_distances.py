import numpy as np
import pytest
import torch
from numpy import ndarray
from scipy.spatial.distance import mahalanobis as scipy_mahalanobis

from adue.errors import DataError
from adue.scores import DISTANCE_SCORES, GaussianStatistics, mahalanobis, marginal_mahalanobis, relative_mahalanobis
from adue.scores.distances import whitening

DRAW = np.random.default_rng(0)
LABELS = np.repeat([0, 1, 4], 40)  # classes 2 and 3 do not occur
TRAIN = DRAW.normal(size=(120, 3)) @ DRAW.normal(size=(3, 3)) + 4 * np.eye(3)[np.searchsorted([0, 1, 4], LABELS)]
ROWS = DRAW.normal(scale=3, size=(20, 3))
STATISTICS = GaussianStatistics.fit(torch.tensor(TRAIN), torch.tensor(LABELS))


def squared(rows: ndarray, mean: ndarray, deviations: ndarray) -> ndarray:
    precision = np.linalg.inv(deviations.T @ deviations / len(deviations))
    return np.array([scipy_mahalanobis(row, mean, precision) ** 2 for row in rows])


def nearest_class(rows: ndarray) -> ndarray:
    means = {label: TRAIN[label == LABELS].mean(axis=0) for label in (0, 1, 4)}
    deviations = np.stack([row - means[label] for row, label in zip(TRAIN, LABELS.tolist(), strict=True)])
    return np.asarray(np.min([squared(rows, mean, deviations) for mean in means.values()], axis=0))


def test_mahalanobis_equals_scipy() -> None:
    np.testing.assert_allclose(mahalanobis(torch.tensor(ROWS), STATISTICS).numpy(), nearest_class(ROWS), rtol=1e-9)


def test_relative_mahalanobis_equals_scipy() -> None:
    mean = TRAIN.mean(axis=0)
    expected = nearest_class(ROWS) - squared(ROWS, mean, TRAIN - mean)
    np.testing.assert_allclose(relative_mahalanobis(torch.tensor(ROWS), STATISTICS).numpy(), expected, rtol=1e-9)


def test_marginal_mahalanobis_equals_scipy() -> None:
    mean = TRAIN.mean(axis=0)
    expected = squared(ROWS, mean, TRAIN - mean)
    np.testing.assert_allclose(marginal_mahalanobis(torch.tensor(ROWS), STATISTICS).numpy(), expected, rtol=1e-9)


def test_whitening_is_a_factor_of_the_pseudo_inverse() -> None:
    covariance = TRAIN[:, [0, 1, 1]].T @ TRAIN[:, [0, 1, 1]]
    factor = whitening(torch.tensor(covariance)).numpy()
    assert factor.shape == (3, 2)
    np.testing.assert_allclose(factor @ factor.T, np.linalg.pinv(covariance), atol=1e-12)


def test_with_fewer_rows_than_dimensions_every_direction_counts() -> None:
    train = torch.randn(8, 30, generator=torch.Generator().manual_seed(0))
    statistics = GaussianStatistics.fit(train, torch.tensor([0, 1] * 4))
    unseen = torch.linalg.svd(train - train.mean(dim=0)).Vh[-1]  # no training row differs from the others this way
    at, off = mahalanobis(torch.stack([statistics.mean.float(), statistics.mean.float() + 5 * unseen]), statistics)
    assert off > at + 1


@pytest.mark.parametrize("name", sorted(DISTANCE_SCORES))
def test_a_row_far_from_every_class_scores_higher_than_a_class_mean(name: str) -> None:
    at_mean = STATISTICS.class_means[0]
    # On the line through two means, half-way: as far from the classes as possible, and near the mean of all rows.
    between = STATISTICS.class_means[:2].mean(dim=0)
    near, far = DISTANCE_SCORES[name](torch.stack([at_mean, between]), STATISTICS)
    assert far > near


def test_a_singular_covariance_measures_in_the_directions_of_the_data_only() -> None:
    flat = np.column_stack([TRAIN[:, :2], TRAIN[:, 0]])
    statistics = GaussianStatistics.fit(torch.tensor(flat), torch.tensor(LABELS))
    plane = GaussianStatistics.fit(torch.tensor(flat[:, :2]), torch.tensor(LABELS))
    in_plane = torch.tensor(flat)
    torch.testing.assert_close(mahalanobis(in_plane, statistics), mahalanobis(in_plane[:, :2], plane))
    off_plane = in_plane + torch.tensor([1.0, 0.0, -1.0]).double() * 5
    torch.testing.assert_close(mahalanobis(off_plane, statistics), mahalanobis(in_plane, statistics))


def test_fewer_rows_than_dimensions_give_finite_distances() -> None:
    statistics = GaussianStatistics.fit(torch.randn(5, 30), torch.tensor([0, 0, 1, 1, 1]))
    for score in DISTANCE_SCORES.values():
        assert score(torch.randn(7, 30), statistics).isfinite().all()


def test_with_one_class_the_relative_distance_is_zero() -> None:
    statistics = GaussianStatistics.fit(torch.tensor(TRAIN), torch.zeros(len(TRAIN), dtype=torch.int64))
    result = relative_mahalanobis(torch.tensor(ROWS), statistics)
    torch.testing.assert_close(result, torch.zeros_like(result))


def test_identical_rows_give_zero_distances_not_nan() -> None:
    statistics = GaussianStatistics.fit(torch.ones(4, 3), torch.tensor([0, 0, 1, 1]))
    assert mahalanobis(torch.tensor([[1.0, 1.0, 1.0], [2.0, 0.0, 1.0]]), statistics).tolist() == [0.0, 0.0]


def test_two_rows_are_needed() -> None:
    with pytest.raises(DataError, match=r"^distances need at least two training rows .*; give more rows$"):
        GaussianStatistics.fit(torch.ones(1, 3), torch.tensor([0]))
