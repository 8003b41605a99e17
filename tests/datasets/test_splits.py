from collections import Counter

import pytest
from datasets import Dataset, DatasetDict

from adue.datasets.splits import carve_validation, rename_splits, without_secret_labels
from adue.foundation.errors import DataError


def distinct(labels: list[int]) -> list[str]:
    return [f"text {row}" for row in range(len(labels))]


def test_a_fifth_is_held_out_with_every_class_in_its_share() -> None:
    labels = [0] * 80 + [1] * 20
    train, validation = carve_validation(distinct(labels), labels, seed=42)
    assert sorted(train + validation) == list(range(100))
    assert Counter(labels[row] for row in validation) == {0: 16, 1: 4}


def test_the_same_seed_holds_out_the_same_rows_and_another_seed_others() -> None:
    labels = [0, 1] * 50
    assert carve_validation(distinct(labels), labels, seed=42) == carve_validation(distinct(labels), labels, seed=42)
    assert carve_validation(distinct(labels), labels, seed=42) != carve_validation(distinct(labels), labels, seed=43)


@pytest.mark.parametrize("labels", [[0, 0, 0, 1], [0, 1], [0, 1, 2, 3, 0, 1, 2, 3]])
def test_rows_too_few_for_shares_are_held_out_without_them(labels: list[int]) -> None:
    train, validation = carve_validation(distinct(labels), labels, seed=42)
    assert sorted(train + validation) == list(range(len(labels)))
    assert len(validation) == -(-len(labels) // 5)


def test_rows_of_one_text_stay_together() -> None:
    texts = [f"text {row % 40}" for row in range(100)]
    train, validation = carve_validation(texts, [row % 2 for row in range(100)], seed=42)
    assert sorted(train + validation) == list(range(100))
    assert len({texts[row] for row in validation}) == 8
    assert not {texts[row] for row in train} & {texts[row] for row in validation}


def test_one_text_cannot_be_split() -> None:
    with pytest.raises(DataError, match="one text cannot be split"):
        carve_validation(["a", "a"], [1, 1], seed=42)


def test_splits_go_by_our_names_and_unknown_ones_keep_theirs() -> None:
    rows = Dataset.from_dict({"text": ["a"]})
    assert list(rename_splits({"dev": rows, "validation_matched": rows})) == ["validation", "validation_matched"]


def test_the_validation_split_is_the_test_split_where_test_labels_are_secret() -> None:
    train, validation, test = (Dataset.from_dict({"text": [name]}) for name in "abc")
    splits = DatasetDict({"train": train, "validation": validation, "test": test})
    kept, notes = without_secret_labels(splits, ["test"])
    assert {name: list(rows["text"]) for name, rows in kept.items()} == {"train": ["a"], "test": ["b"]}
    assert notes == ("test left out, it has no labels", "test is the given validation split")
