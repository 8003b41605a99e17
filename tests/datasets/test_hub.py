from pathlib import Path

import datasets
import pandas as pd
import pytest

from adue.datasets.hub import HubSource, load_hub
from adue.foundation.errors import DataError


@pytest.mark.parametrize(
    ("source", "path", "config"),
    [
        ("hf:glue/sst2", "glue", "sst2"),
        ("hf:glue:sst2", "glue", "sst2"),
        ("hf:imdb", "imdb", None),
        ("hf:stanfordnlp/imdb", "stanfordnlp/imdb", None),
        ("hf:nyu-mll/glue:sst2", "nyu-mll/glue", "sst2"),
        ("hf:glue/other:config", "glue/other", "config"),
    ],
)
def test_a_source_is_a_name_or_owner_and_name_and_perhaps_a_configuration(
    source: str, path: str, config: str | None
) -> None:
    assert HubSource.parse(source) == HubSource(path, config)


@pytest.mark.parametrize("source", ["hf:", "hf::sst2", "hf:a/b/c"])
def test_a_malformed_source_is_an_error_that_shows_the_syntax(source: str) -> None:
    with pytest.raises(DataError, match=r"names no data set; write hf:name, .* for example hf:glue/sst2"):
        HubSource.parse(source)


def test_a_folder_laid_out_as_on_the_hub_is_read_with_its_class_names(tmp_path: Path) -> None:
    folder = hub_folder(tmp_path)
    splits = load_hub(f"hf:{folder}")
    assert list(splits["train"]["sentence"]) == ["a", "b"]
    assert splits["train"].features["label"].names == ["negative", "positive"]


def test_a_folder_leaves_nothing_in_the_cache_of_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    load_hub(f"hf:{hub_folder(tmp_path)}")
    assert not [path for path in cache.rglob("*") if path.suffix == ".arrow"]


def test_a_configuration_of_a_folder_that_is_not_there_is_a_one_line_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot load 'hf:.*:nope' with datasets: .*nope.*; check the name") as caught:
        load_hub(f"hf:{hub_folder(tmp_path)}:nope")
    assert "\n" not in str(caught.value)


def test_what_cannot_be_reached_offline_is_a_one_line_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    with pytest.raises(DataError, match=r"cannot load 'hf:nobody/nothing' with datasets: .*network") as caught:
        load_hub("hf:nobody/nothing")
    assert "\n" not in str(caught.value)


def hub_folder(parent: Path) -> Path:
    folder = parent / "hub set"
    data = folder / "data"
    data.mkdir(parents=True)
    for split in ("train", "test"):
        frame = pd.DataFrame({"sentence": ["a", "b"], "label": [0, 1]})
        frame.to_parquet(data / f"{split}-00000-of-00001.parquet", index=False)
    names = {"'0'": "negative", "'1'": "positive"}
    listed = "\n".join(f"          {index}: {name}" for index, name in names.items())
    (folder / "README.md").write_text(
        "---\ndataset_info:\n  features:\n  - name: sentence\n    dtype: string\n  - name: label\n    dtype:\n"
        f"      class_label:\n        names:\n{listed}\n---\n"
    )
    return folder
