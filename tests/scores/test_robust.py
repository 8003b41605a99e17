import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from sklearn.covariance import MinCovDet
from sklearn.metrics import roc_auc_score

from adue.foundation.errors import DataError
from adue.scores import kernels, robust
from adue.scores.kernels import KernelMap
from adue.scores.robust import RobustDensity, minimum_covariance_determinant, robust_distance


def draw(rows: int, hidden: int = 6, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    features = torch.randn(rows, hidden, generator=torch.Generator().manual_seed(seed)) * 0.3
    return features, (features[:, 0] > 0).long()


def test_location_and_covariance_are_those_of_fast_mcd() -> None:
    generator = np.random.default_rng(0)
    points = generator.normal(size=(300, 3)) @ generator.normal(size=(3, 3))
    points[:60] += 20
    location, factor = minimum_covariance_determinant(torch.tensor(points))
    expected = MinCovDet(random_state=0).fit(points)
    np.testing.assert_allclose(location.numpy(), expected.location_)
    np.testing.assert_allclose((factor @ factor.T).numpy(), expected.precision_, rtol=1e-6)


def test_outliers_among_the_training_rows_do_not_pull() -> None:
    points = torch.randn(400, 5, generator=torch.Generator().manual_seed(0)).double()
    points[:100] *= 30
    _, factor = minimum_covariance_determinant(points)
    assert float((factor @ factor.T).diagonal().mean()) == pytest.approx(1, rel=0.15)


def test_strange_rows_are_farther_than_ordinary_ones() -> None:
    density = RobustDensity.fit(*draw(300))
    ordinary, _ = draw(200, seed=1)
    result = robust_distance(torch.cat([ordinary, ordinary + 1]), density)
    assert roc_auc_score([0] * 200 + [1] * 200, result.numpy()) > 0.9


@pytest.mark.parametrize("kernel_map", ["subsample", "nystroem"])
def test_the_stand_ins_for_a_large_kernel_rank_rows_as_it_does(
    kernel_map: KernelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, (rows, _) = draw(600), draw(100, seed=1)
    monkeypatch.setattr(robust, "COMPONENTS", 8)
    exact = robust_distance(rows, RobustDensity.fit(*train))
    monkeypatch.setattr(kernels, "KERNEL_ROWS", 300)
    monkeypatch.setattr(kernels, "LANDMARKS", 150)
    first, again, other = (
        robust_distance(rows, RobustDensity.fit(*train, kernel_map=kernel_map, seed=seed)) for seed in (3, 3, 4)
    )
    torch.testing.assert_close(first, again)
    assert not torch.allclose(first, other)
    assert float(spearmanr(exact, first).statistic) > 0.9


def test_identical_rows_give_zero_distances_not_nan() -> None:
    density = RobustDensity.fit(torch.ones(20, 3), torch.arange(20) % 2)
    assert robust_distance(torch.eye(2, 3), density).tolist() == [0.0, 0.0]


def test_two_rows_are_needed() -> None:
    with pytest.raises(DataError, match=r"^a robust density needs at least two training rows; give more rows$"):
        RobustDensity.fit(torch.ones(1, 3), torch.tensor([0]))
