import pytest
import torch

from adue.foundation.errors import DataError
from adue.scores.neighbours import fit_neighbours, neighbour_distance

TRAIN = torch.randn(50, 6, generator=torch.Generator().manual_seed(0))
ROWS = torch.randn(9, 6, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("neighbours", [1, 7])
def test_it_is_the_distance_to_that_neighbour(neighbours: int) -> None:
    expected = torch.cdist(ROWS.double(), TRAIN.double()).sort(dim=-1).values[:, neighbours - 1]
    torch.testing.assert_close(neighbour_distance(ROWS, fit_neighbours(TRAIN, neighbours)), expected)


def test_with_fewer_rows_than_neighbours_the_farthest_row_counts() -> None:
    expected = torch.cdist(ROWS.double(), TRAIN[:3].double()).amax(dim=-1)
    torch.testing.assert_close(neighbour_distance(ROWS, fit_neighbours(TRAIN[:3])), expected)


def test_no_rows_are_refused_in_one_line() -> None:
    with pytest.raises(DataError, match=r"^distances to neighbours need training rows, got none; give some rows$"):
        fit_neighbours(torch.zeros(0, 3))


def test_no_neighbour_is_refused_in_one_line() -> None:
    with pytest.raises(DataError, match=r"^the number of neighbours must be at least 1, got 0; the default is \d+$"):
        fit_neighbours(TRAIN, 0)
