import numpy as np
import pytest
import torch

from adue.scores.whitening import whitening

DRAW = np.random.default_rng(0)


def covariance(smallest: float, size: int = 12) -> torch.Tensor:
    """Return one with eigenvalues from `smallest` to 1."""
    directions = np.linalg.qr(DRAW.normal(size=(size, size)))[0]
    return torch.from_numpy(directions * np.geomspace(smallest, 1, size) @ directions.T)


@pytest.mark.parametrize("smallest", [0.1, 1e-6, 1e-9, 1e-11, 1e-13])
def test_it_is_a_factor_of_the_inverse_however_it_was_found(smallest: float) -> None:
    given = covariance(smallest)
    factor = whitening(given)
    assert factor.shape == (12, 12)
    torch.testing.assert_close(factor.T @ given @ factor, torch.eye(12).double(), rtol=0, atol=1e-16 / smallest + 1e-9)


def test_well_conditioned_and_nearly_singular_covariances_give_the_same_lengths() -> None:
    """The two ways on one covariance: a direction too many, of almost no variance, rules out the quick one."""
    given, rows = covariance(0.1), torch.from_numpy(DRAW.normal(size=(20, 12)))
    larger = torch.block_diag(given, torch.tensor([[1e-12]]).double())
    quick, slow = (rows @ whitening(given)), torch.nn.functional.pad(rows, (0, 1)) @ whitening(larger)
    torch.testing.assert_close(quick.norm(dim=-1), slow.norm(dim=-1))


def test_directions_without_variance_are_left_out_and_give_the_pseudo_inverse() -> None:
    rows = DRAW.normal(size=(30, 2))[:, [0, 1, 1]]
    given = rows.T @ rows
    factor = whitening(torch.tensor(given)).numpy()
    assert factor.shape == (3, 2)
    np.testing.assert_allclose(factor @ factor.T, np.linalg.pinv(given), atol=1e-12)


def test_no_variance_at_all_leaves_no_direction() -> None:
    assert whitening(torch.zeros(3, 3).double()).shape == (3, 0)


def test_variances_of_any_size_are_kept() -> None:
    given = covariance(0.1)
    torch.testing.assert_close(whitening(given * 1e-20), whitening(given) * 1e10)
