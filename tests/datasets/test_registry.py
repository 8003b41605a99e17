from pathlib import Path

import pytest

from adue.datasets import DATASETS, load_splits
from adue.errors import DataError


@pytest.mark.parametrize("name", DATASETS)
def test_every_name_loads_into_the_columns_and_classes_that_a_classifier_needs(name: str, archive: Path) -> None:
    shifted = not DATASETS[name].shifted
    data = load_splits(name, need=["test"] if shifted else ["train", "validation", "test"])
    assert len(data.label2id) == (5 if name.endswith("5") else 2)
    for rows in data.splits.values():
        assert set(rows.column_names) == {"text", "label", "id", "rating_mean", "rating_std"}
        assert set(rows["label"]) == set(data.label2id.values())


@pytest.mark.parametrize("name", [name for name, entry in DATASETS.items() if entry.shifted])
def test_a_shifted_set_has_the_classes_of_the_set_it_is_shifted_from(name: str, archive: Path) -> None:
    data = load_splits(name)
    assert len(data.shifted) == 3
    for other in data.shifted:
        assert load_splits(other, need=["test"]).label2id == data.label2id


def test_a_set_for_evaluation_cannot_be_fitted_on(archive: Path) -> None:
    with pytest.raises(DataError, match=r"products has no train split \(it has: test\)"):
        load_splits("products")


def test_every_set_says_what_it_is_in_one_line() -> None:
    assert all(entry.description and "\n" not in entry.description for entry in DATASETS.values())
