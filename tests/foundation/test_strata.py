import numpy as np
import pytest

from adue.foundation.strata import draw_stratified


def test_the_subsample_holds_every_class() -> None:
    labels = np.repeat([0, 1, 2], [170, 20, 10])
    chosen = draw_stratified(labels, 20, seed=0)
    assert np.bincount(labels[chosen]).tolist() == [17, 2, 1]


@pytest.mark.parametrize("labels", [[0] * 29 + [1], [0] * 28 + [1, 2], list(range(30))])
def test_a_subsample_of_classes_of_one_row_has_its_size(labels: list[int]) -> None:
    assert len(set(draw_stratified(np.array(labels), 10, seed=0).tolist())) == 10
