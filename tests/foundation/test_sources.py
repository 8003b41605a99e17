"""The names of data are known without reading any."""

from pathlib import Path

import pytest

from adue.datasets import DATASETS
from adue.foundation.errors import DataError
from adue.foundation.sources import DATASET_NAMES, require_source


def test_the_names_are_those_of_the_data_sets_in_their_order() -> None:
    assert tuple(DATASETS) == DATASET_NAMES


@pytest.mark.parametrize("name", ["reviews", "hf:glue/sst2"])
def test_data_with_a_name_is_there(name: str) -> None:
    require_source(name)


def test_files_and_folders_are_there(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").touch()
    require_source(tmp_path)
    require_source(str(tmp_path / "rows.csv"))


@pytest.mark.parametrize("name", ["gone.csv", "./gone.jsonl", "some/where/gone.parquet"])
def test_a_file_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(DataError, match=rf"there is no file {Path(name)}; check the path"):
        require_source(name)


def test_a_name_that_nothing_has_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(DataError, match=r"no file, folder or data set called 'reviewz'; .* one of reviews, products"):
        require_source("reviewz")
