import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA, KernelPCA
from sklearn.kernel_approximation import Nystroem

from adue.foundation.strata import draw_stratified
from adue.scores import kernels
from adue.scores.kernels import KernelMap, fit_projection

ROWS = torch.randn(400, 5, generator=torch.Generator().manual_seed(0)).double()
LABELS = torch.arange(400) % 3


def same_up_to_signs(given: torch.Tensor, expected: np.ndarray) -> None:
    torch.testing.assert_close(given.abs(), torch.from_numpy(np.abs(expected)), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kernel_map", ["subsample", "nystroem"])
def test_few_rows_give_kernel_pca_itself(kernel_map: KernelMap) -> None:
    project = fit_projection(ROWS, LABELS, 6, kernel_map=kernel_map)
    same_up_to_signs(project(ROWS[:20]), KernelPCA(6, kernel="rbf").fit(ROWS.numpy()).transform(ROWS[:20].numpy()))


def test_more_rows_are_seen_from_the_subsample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "KERNEL_ROWS", 100)
    chosen = ROWS.numpy()[draw_stratified(LABELS.numpy(), 100, seed=2)]
    expected = KernelPCA(6, kernel="rbf").fit(chosen).transform(ROWS.numpy())
    same_up_to_signs(fit_projection(ROWS, LABELS, 6, seed=2)(ROWS), expected)


def test_nystroem_gives_the_components_that_scikit_learn_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "KERNEL_ROWS", 399)
    monkeypatch.setattr(kernels, "LANDMARKS", 100)
    monkeypatch.setattr(kernels, "ROWS_AT_ONCE", 130)  # so that its covariance comes of several parts
    chosen = ROWS.numpy()[draw_stratified(LABELS.numpy(), 100, seed=2)]
    landmarks = Nystroem(kernel="rbf", gamma=1 / 5, n_components=100, random_state=0).fit(chosen)
    expected = PCA(6).fit_transform(landmarks.transform(ROWS.numpy()))
    same_up_to_signs(fit_projection(ROWS, LABELS, 6, kernel_map="nystroem", seed=2)(ROWS), expected)
