import numpy as np
import pytest
import torch

from adue.scores.moments import ClassMoments

DRAW = np.random.default_rng(0)
LABELS = torch.from_numpy(DRAW.choice([0, 2, 5], size=200))
ROWS = torch.from_numpy(DRAW.normal(size=(200, 4))) + LABELS.unsqueeze(-1)


def of_batches(rows: torch.Tensor, labels: torch.Tensor, size: int) -> ClassMoments:
    moments = ClassMoments(rows.shape[-1])
    for part in zip(rows.split(size), labels.split(size), strict=True):
        moments.update(*part)
    return moments


@pytest.mark.parametrize("size", [1, 13, 200])
def test_counts_means_and_scatter_are_those_of_all_rows_however_they_come(size: int) -> None:
    moments = of_batches(ROWS, LABELS, size)
    assert moments.classes.tolist() == [0, 2, 5]
    parts = [ROWS[label == LABELS] for label in (0, 2, 5)]
    assert moments.counts.tolist() == [len(part) for part in parts]
    assert (moments.rows, moments.degrees) == (200, 197)
    torch.testing.assert_close(moments.means, torch.stack([part.mean(dim=0) for part in parts]))
    torch.testing.assert_close(moments.mean, ROWS.mean(dim=0))
    within = torch.stack([torch.cov(part.T, correction=0) * len(part) for part in parts]).sum(dim=0)
    torch.testing.assert_close(moments.within, within)
    torch.testing.assert_close(moments.within + moments.between, torch.cov(ROWS.T, correction=0) * 200)


def test_rows_far_from_the_origin_lose_nothing() -> None:
    # Sums of squares about the origin would leave three digits of these deviations, and none of the smaller ones.
    small = torch.from_numpy(DRAW.normal(size=(300, 3))) * torch.tensor([1.0, 1e-2, 1e-4])
    moments = of_batches(small + 1e6, torch.zeros(300, dtype=torch.int64), 32)
    torch.testing.assert_close(moments.within / 300, torch.cov(small.T, correction=0), rtol=1e-4, atol=0)


def test_rows_are_kept_only_while_they_are_too_few_for_a_full_rank() -> None:
    moments = ClassMoments(4)
    moments.update(ROWS[:3], LABELS[:3])
    assert sum(len(rows) for rows, _ in moments.batches) == 3
    moments.update(ROWS[3:50], LABELS[3:50])
    moments.update(ROWS[50:52], LABELS[50:52])
    assert not moments.batches


def test_single_precision_is_summed_in_double() -> None:
    rows = torch.full((4096, 1), 0.1, dtype=torch.float32)
    moments = of_batches(rows, torch.zeros(4096, dtype=torch.int64), 64)
    assert moments.means.dtype == torch.float64
    assert moments.mean.item() == pytest.approx(float(rows[0]), rel=1e-15)
