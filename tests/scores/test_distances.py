from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy import ndarray
from scipy.spatial.distance import mahalanobis as scipy_mahalanobis

from adue.foundation.errors import DataError, DataWarning
from adue.scores.distances import GaussianStatistics, mahalanobis, marginal_mahalanobis, relative_mahalanobis
from adue.scores.parts import ROWS_AT_ONCE

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


def test_with_fewer_rows_than_dimensions_every_direction_counts() -> None:
    train = torch.randn(8, 30, generator=torch.Generator().manual_seed(0))
    statistics = GaussianStatistics.fit(train, torch.tensor([0, 1] * 4))
    unseen = torch.linalg.svd(train - train.mean(dim=0)).Vh[-1]  # no training row differs from the others this way
    at, off = mahalanobis(torch.stack([statistics.mean.float(), statistics.mean.float() + 5 * unseen]), statistics)
    assert off > at + 1


@pytest.mark.parametrize("distance", [mahalanobis, relative_mahalanobis])
def test_a_row_far_from_every_class_scores_higher_than_a_class_mean(
    distance: Callable[[torch.Tensor, GaussianStatistics], torch.Tensor],
) -> None:
    at_mean = STATISTICS.class_means[0]
    # On the line through two means, half-way: as far from the classes as possible, and near the mean of all rows.
    between = STATISTICS.class_means[:2].mean(dim=0)
    near, far = distance(torch.stack([at_mean, between]), STATISTICS)
    assert far > near


def test_a_singular_covariance_measures_in_the_directions_of_the_data_only() -> None:
    flat = np.column_stack([TRAIN[:, :2], TRAIN[:, 0]])
    words = "the training rows vary within their classes in 2 of 3 directions only, and distances are measured in these"
    with pytest.warns(DataWarning, match=f"^{words}; drop features that are constant or repeat others, or give more"):
        statistics = GaussianStatistics.fit(torch.tensor(flat), torch.tensor(LABELS))
    plane = GaussianStatistics.fit(torch.tensor(flat[:, :2]), torch.tensor(LABELS))
    in_plane = torch.tensor(flat)
    torch.testing.assert_close(mahalanobis(in_plane, statistics), mahalanobis(in_plane[:, :2], plane))
    off_plane = in_plane + torch.tensor([1.0, 0.0, -1.0]).double() * 5
    torch.testing.assert_close(mahalanobis(off_plane, statistics), mahalanobis(in_plane, statistics))


def test_fewer_rows_than_dimensions_give_finite_distances() -> None:
    statistics = GaussianStatistics.fit(torch.randn(5, 30), torch.tensor([0, 0, 1, 1, 1]))
    for score in (mahalanobis, relative_mahalanobis):
        assert score(torch.randn(7, 30), statistics).isfinite().all()


def test_with_one_class_the_relative_distance_is_zero() -> None:
    statistics = GaussianStatistics.fit(torch.tensor(TRAIN), torch.zeros(len(TRAIN), dtype=torch.int64))
    result = relative_mahalanobis(torch.tensor(ROWS), statistics)
    torch.testing.assert_close(result, torch.zeros_like(result))


def test_identical_rows_give_zero_distances_not_nan() -> None:
    with pytest.warns(DataWarning, match="in 0 of 3 directions only"):
        statistics = GaussianStatistics.fit(torch.ones(4, 3), torch.tensor([0, 0, 1, 1]))
    assert mahalanobis(torch.tensor([[1.0, 1.0, 1.0], [2.0, 0.0, 1.0]]), statistics).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("size", [1, 7, 50])
def test_batches_give_what_all_rows_at_once_give(size: int) -> None:
    order = torch.from_numpy(DRAW.permutation(120))  # so that batches lack classes, and bring new ones
    features, labels = torch.tensor(TRAIN)[order], torch.tensor(LABELS)[order]
    statistics = GaussianStatistics.fit_batches(zip(features.split(size), labels.split(size), strict=True))
    for score in (mahalanobis, marginal_mahalanobis, relative_mahalanobis):
        torch.testing.assert_close(score(torch.tensor(ROWS), statistics), score(torch.tensor(ROWS), STATISTICS))


def test_batches_of_fewer_rows_than_dimensions_are_shrunk_as_all_rows_at_once_are() -> None:
    train, labels = torch.randn(20, 30), torch.arange(20) % 3
    statistics = GaussianStatistics.fit_batches(zip(train.split(3), labels.split(3), strict=True))
    rows = torch.randn(5, 30)
    torch.testing.assert_close(mahalanobis(rows, statistics), mahalanobis(rows, GaussianStatistics.fit(train, labels)))


def test_rows_barely_more_than_dimensions_are_shrunk_too_where_classes_take_up_the_difference() -> None:
    # 12 rows of 4 classes span 8 directions within their classes: without shrinkage two of ten would not count.
    train = torch.randn(12, 10, generator=torch.Generator().manual_seed(0))
    assert GaussianStatistics.fit(train, torch.arange(12) % 4).whitening.shape == (10, 10)


@pytest.mark.parametrize("score", [mahalanobis, marginal_mahalanobis, relative_mahalanobis])
def test_more_rows_than_are_scored_at_a_time_score_as_they_do_alone(
    score: Callable[[torch.Tensor, GaussianStatistics], torch.Tensor],
) -> None:
    rows = torch.from_numpy(DRAW.normal(size=(2 * ROWS_AT_ONCE + 5, 3)))
    chosen = torch.tensor([0, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 4])
    torch.testing.assert_close(score(rows, STATISTICS)[chosen], score(rows[chosen], STATISTICS), rtol=1e-12, atol=0)


def test_no_rows_have_no_distances() -> None:
    assert mahalanobis(torch.empty(0, 3), STATISTICS).shape == (0,)


def test_distances_are_exact_far_from_the_origin_and_near_a_class() -> None:
    """Against the plain form: means 1e4 from the origin, classes 1e3 apart, directions of very unlike size."""
    scale = np.geomspace(1e-2, 1e2, 40)
    means = 1e4 + 1e3 * DRAW.normal(size=(5, 40))
    labels = np.repeat(np.arange(5), 200)
    train = means[labels] + DRAW.normal(size=(1000, 40)) * scale
    statistics = GaussianStatistics.fit(torch.tensor(train), torch.tensor(labels))
    own = np.stack([train[labels == label].mean(axis=0) for label in range(5)])
    deviations = train - own[labels]
    precision = np.linalg.inv(deviations.T @ deviations / len(train))
    near = own + 1e-3 * DRAW.normal(size=own.shape) * scale
    rows = np.concatenate([near, train[::10], 1e4 + 1e3 * DRAW.normal(size=(20, 40))])
    apart = rows[:, None] - own
    plain = np.einsum("nci,ij,ncj->nc", apart, precision, apart).min(axis=1)
    np.testing.assert_allclose(mahalanobis(torch.tensor(rows), statistics).numpy(), plain, rtol=1e-6)


@pytest.mark.parametrize("rows", [0, 1])
def test_two_rows_are_needed_in_all_batches_together(rows: int) -> None:
    with pytest.raises(DataError, match="distances need at least two training rows"):
        GaussianStatistics.fit_batches([(torch.ones(rows, 3), torch.zeros(rows, dtype=torch.int64))])
    with pytest.raises(DataError, match="distances need at least two training rows"):
        GaussianStatistics.fit_batches([])


def test_two_rows_are_needed() -> None:
    with pytest.raises(DataError, match=r"^distances need at least two training rows .*; give more rows$"):
        GaussianStatistics.fit(torch.ones(1, 3), torch.tensor([0]))
