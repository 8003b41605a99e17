from collections import Counter

import numpy as np
import pytest
from datasets import Dataset
from sklearn.model_selection import train_test_split

from adue.datasets import subsample
from adue.foundation.errors import DataError


def rows_of(labels: list[int]) -> Dataset:
    return Dataset.from_dict({"text": [f"text {number}" for number in range(len(labels))], "label": labels})


def test_rows_keep_their_order_and_classes_their_shares() -> None:
    part = subsample(rows_of([0, 0, 0, 1] * 25), 20)
    numbers = [int(text.split()[1]) for text in part["text"]]
    assert numbers == sorted(set(numbers))
    assert Counter(part["label"]) == {0: 15, 1: 5}


def test_the_rows_are_those_of_scikit_learns_stratified_split() -> None:
    # Adapters on disk were trained on these rows, which other machines must find again.
    rows = rows_of([0, 1, 2, 2] * 50)
    chosen, _ = train_test_split(np.arange(200), train_size=60, stratify=rows["label"][:], random_state=42)
    assert list(subsample(rows, 60)["text"]) == [f"text {number}" for number in sorted(chosen)]


def test_another_seed_draws_other_rows() -> None:
    rows = rows_of([0, 1] * 50)
    assert list(subsample(rows, 20, seed=1)["text"]) != list(subsample(rows, 20)["text"])


@pytest.mark.parametrize("size", [None, 4, 5])
def test_all_rows_are_the_rows_themselves(size: int | None) -> None:
    rows = rows_of([0, 1, 0, 1])
    assert subsample(rows, size) is rows


@pytest.mark.parametrize(("labels", "size"), [([0, 0, 0, 1], 2), ([0, 1, 2] * 3, 2), ([0, 1, 2] * 3, 7)])
def test_rows_too_few_for_shares_are_drawn_without_them(labels: list[int], size: int) -> None:
    assert len(set(subsample(rows_of(labels), size)["text"])) == size


@pytest.mark.parametrize("size", [0, -1])
def test_no_rows_cannot_be_drawn(size: int) -> None:
    with pytest.raises(DataError, match=rf"cannot take {size} of 2 rows; give 1 or more, or None for all"):
        subsample(rows_of([0, 1]), size)
