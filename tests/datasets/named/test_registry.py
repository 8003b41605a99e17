import os
from itertools import chain
from pathlib import Path

import pytest

from adue.datasets import DATASETS, load_splits
from adue.datasets.named.local import VARIABLE
from adue.foundation.errors import DataError
from adue.foundation.types import OUT_OF_SCOPE

DEMO = ("reviews", "products", "editorials", "tweets", "reviews5", "products5", "editorials5", "tweets5")
TEST_ONLY = {"toxigen-nonoverlap"}.union(*(entry.shifted for entry in DATASETS.values())) - {"reviews"}
SIZES = {
    "sst2": (53_880, 13_469, 872),
    "sst5": (8_544, 1_101, 2_210),
    "cola": (6_841, 1_710, 1_043),
    "20newsgroups": (9_051, 2_263, 7_532),
    "toxigen": (7_168, 1_792, 940),
    "clinc150": (15_000, 3_000, 4_500),
    "tweet_offensive": (11_916, 1_324, 860),
}
"""Rows of train, validation and test in the local copies."""

local_copies = pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no folder with the data sets")


@pytest.mark.parametrize("name", DEMO)
def test_every_demo_set_loads_into_the_columns_and_classes_that_a_classifier_needs(name: str, archive: Path) -> None:
    data = load_splits(name, need=["test"] if name in TEST_ONLY else ["train", "validation", "test"])
    assert len(data.label2id) == (5 if name.endswith("5") else 2)
    for rows in data.splits.values():
        assert set(rows.column_names) == {"text", "label", "id", "rating_mean", "rating_std"}
        assert set(rows["label"]) == set(data.label2id.values())


@pytest.mark.parametrize("name", ["reviews", "reviews5"])
def test_a_shifted_set_has_the_classes_of_the_set_it_is_shifted_from(name: str, archive: Path) -> None:
    data = load_splits(name)
    assert len(data.shifted) == 3
    for other in data.shifted:
        assert load_splits(other, need=["test"]).label2id == data.label2id


@local_copies
@pytest.mark.parametrize("name", SIZES)
def test_every_local_copy_has_all_its_rows_and_classes(name: str) -> None:
    data = load_splits(name, need=["train", "validation", "test"])
    assert tuple(len(data[split]) for split in ("train", "validation", "test")) == SIZES[name]
    assert all(set(data[split]["label"]) == set(data.label2id.values()) for split in ("train", "validation", "test"))


@local_copies
@pytest.mark.parametrize("name", SIZES)
def test_what_a_local_copy_is_evaluated_on_has_its_classes(name: str, archive: Path) -> None:
    data = load_splits(name)
    for other in chain(data.shifted, data.companions):
        assert load_splits(other, need=["test"]).label2id == data.label2id


@local_copies
def test_no_class_fits_the_thousand_texts_that_are_out_of_scope() -> None:
    labels = load_splits("clinc150-oos", need=["test"])["test"]["label"][:]
    assert (len(labels), labels.count(OUT_OF_SCOPE)) == (5_500, 1_000)


def test_every_name_that_a_set_refers_to_is_a_set() -> None:
    for entry in DATASETS.values():
        assert set(entry.shifted) | set(entry.companions) <= set(DATASETS)


def test_a_set_for_evaluation_cannot_be_fitted_on(archive: Path) -> None:
    with pytest.raises(DataError, match=r"products has no train split \(it has: test\)"):
        load_splits("products")


def test_every_set_says_what_it_is_in_one_line() -> None:
    assert all(entry.description and "\n" not in entry.description for entry in DATASETS.values())


@pytest.mark.parametrize("name", DATASETS)
def test_every_set_is_on_the_page_about_data_sets(name: str) -> None:
    page = Path(__file__).parents[3] / "docs" / "datasets.md"
    assert f"`{name}`" in page.read_text(encoding="utf-8")
