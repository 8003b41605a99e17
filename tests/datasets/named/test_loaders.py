"""The public data sets, read from folders that are laid out as the Hub has them and lie where its names lead."""

import codecs
import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Value
from sklearn.utils import Bunch

from adue.datasets import LabelledSplits, load_splits
from adue.foundation.errors import DataError
from adue.foundation.types import OUT_OF_SCOPE

ALL = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def _away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network, no local copies, and a working folder in which the names of the Hub can be folders."""
    monkeypatch.delenv("ADUE_DATA_DIR", raising=False)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "scikit"))
    monkeypatch.chdir(tmp_path)


def publish(name: str, config: str, splits: Mapping[str, Dataset]) -> None:
    """Write splits as Parquet files of one configuration, as repositories of the Hub hold them."""
    folder = Path(name)
    (folder / config).mkdir(parents=True)
    for split, rows in splits.items():
        rows.to_parquet(folder / config / f"{split}-00000-of-00001.parquet")
    files = [f"  - split: {split}\n    path: {config}/{split}-*\n" for split in splits]
    (folder / "README.md").write_text(f"---\nconfigs:\n- config_name: {config}\n  data_files:\n{''.join(files)}---\n")


def classified(label: str, names: list[str], labels: list[int], **texts: list[str]) -> Dataset:
    features = Features({name: Value("string") for name in texts} | {label: ClassLabel(names=names)})
    return Dataset.from_dict(texts | {label: labels}, features=features)


def answers(data: LabelledSplits, split: str) -> list[str]:
    names = {index: name for name, index in data.label2id.items()} | {OUT_OF_SCOPE: "out-of-scope"}
    return [names[label] for label in data[split]["label"]]


@pytest.mark.parametrize(
    ("name", "classes"), [("sst2", ["negative", "positive"]), ("cola", ["unacceptable", "acceptable"])]
)
def test_glue_is_tested_on_its_dev_set_and_a_fifth_of_train_is_validation(name: str, classes: list[str]) -> None:
    def rows(split: str, labels: list[int]) -> Dataset:
        return classified("label", classes, labels, sentence=[f"{split} {n}" for n in range(len(labels))])

    train = rows("train", [0, 1] * 10)
    publish(
        "nyu-mll/glue", name, {"train": train, "validation": rows("dev", [1, 0]), "test": rows("test", [-1, -1, -1])}
    )
    data = load_splits(name, need=ALL)
    assert data.label2id == {classes[0]: 0, classes[1]: 1}
    assert list(data["test"]["text"]) == ["dev 0", "dev 1"]
    assert answers(data, "test") == [classes[1], classes[0]]
    assert sorted([*data["train"]["text"], *data["validation"]["text"]]) == sorted(train["sentence"])
    assert len(data["validation"]) == 4


def test_sst5_has_its_own_three_splits_and_our_names() -> None:
    folder = Path("SetFit/sst5")
    folder.mkdir(parents=True)
    for file in ("train", "dev", "test"):
        rows = [{"text": f"{file} {label}", "label": label, "label_text": "as they call it"} for label in range(5)]
        (folder / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = load_splits("sst5", need=ALL)
    assert list(data.label2id) == ["very negative", "negative", "neutral", "positive", "very positive"]
    assert list(data["validation"]["text"]) == [f"dev {label}" for label in range(5)]
    assert list(data["test"]["label"]) == [0, 1, 2, 3, 4]


def toxigen(texts: list[str], ai: list[float | None], human: list[float]) -> Dataset:
    return Dataset.from_dict({"text": texts, "toxicity_ai": ai, "toxicity_human": human})


def test_toxigen_is_toxic_where_the_two_ratings_add_up_to_more_than_five_and_a_half() -> None:
    texts = [f"train {n}" for n in range(10)]
    train = toxigen(texts, [5.0, 1.0] * 5, [0.6, 1.0] * 5)
    test = toxigen(["Train  3", "new", "newer"], [5.0, 2.5, 2.5], [5.0, 3.0, 3.5])
    publish("toxigen/toxigen-data", "annotated", {"train": train, "test": test})
    data = load_splits("toxigen", need=ALL)
    assert data.label2id == {"benign": 0, "toxic": 1}
    assert answers(data, "test") == ["toxic", "benign", "toxic"]
    assert list(data["test_nonoverlap"]["text"]) == ["new", "newer"]
    (companion,) = data.companions
    assert list(load_splits(companion, need=["test"])["test"]["text"]) == ["new", "newer"]


def test_a_text_of_toxigen_without_a_rating_is_an_error() -> None:
    rows = toxigen(["a", "b"], [None, 5.0], [1.0, 1.0])
    publish("toxigen/toxigen-data", "annotated", {"train": rows, "test": rows})
    with pytest.raises(DataError, match=r"toxigen, train: 1 of 2 rows have no label \(first: row 1\)"):
        load_splits("toxigen")


@pytest.fixture
def clinc150() -> None:
    names = ["weather", "oos", "alarm"]
    parts = {"train": [0, 1, 2] * 4, "validation": [2, 1, 0], "test": [2, 1, 0, 1]}
    texts = {split: [f"{split} {n}" for n in range(len(labels))] for split, labels in parts.items()}
    publish(
        "clinc/clinc_oos",
        "plus",
        {split: classified("intent", names, labels, text=texts[split]) for split, labels in parts.items()},
    )


@pytest.mark.usefixtures("clinc150")
def test_clinc150_has_intents_only_and_what_is_out_of_scope_in_a_split_of_its_own() -> None:
    data = load_splits("clinc150", need=ALL)
    assert data.label2id == {"weather": 0, "alarm": 1}
    assert answers(data, "train") == ["weather", "alarm"] * 4
    assert answers(data, "validation") == ["alarm", "weather"]
    assert list(data["test"]["text"]) == ["test 0", "test 2"]
    assert list(data["oos_test"]["text"]) == ["test 1", "test 3"]
    assert list(data["oos_test"]["label"]) == [OUT_OF_SCOPE, OUT_OF_SCOPE]


@pytest.mark.usefixtures("clinc150")
def test_clinc150_oos_mixes_both_for_a_model_that_numbers_its_intents_otherwise() -> None:
    data = load_splits("clinc150-oos", need=["test"], label2id={"alarm": 0, "weather": 1})
    assert sorted(zip(data["test"]["text"], data["test"]["label"], strict=True)) == [
        ("test 0", 0),
        ("test 1", OUT_OF_SCOPE),
        ("test 2", 1),
        ("test 3", OUT_OF_SCOPE),
    ]


def test_tweet_offensive_has_its_own_three_splits() -> None:
    names = ["non-offensive", "offensive"]
    splits = {split: classified("label", names, [1, 0], text=[f"{split} 0", f"{split} 1"]) for split in ALL}
    publish("cardiffnlp/tweet_eval", "offensive", splits)
    data = load_splits("tweet_offensive", need=ALL)
    assert answers(data, "test") == ["offensive", "non-offensive"]
    assert {split: len(rows) for split, rows in data.splits.items()} == dict.fromkeys(ALL, 2)


def cached_newsgroups(folder: Path) -> None:
    """Write what scikit-learn keeps of its own download."""
    names = ["alt.atheism", "sci.space"]
    parts: dict[str, Any] = {
        split: Bunch(
            data=[f"Subject: {split} {n}\n\ntext" for n in range(rows)],
            target=np.array([0, 1] * (rows // 2)),
            target_names=names,
            filenames=np.array(["f"] * rows),
        )
        for split, rows in {"train": 10, "test": 4}.items()
    }
    folder.mkdir()
    (folder / "20news-bydate_py3.pkz").write_bytes(codecs.encode(pickle.dumps(parts), "zlib_codec"))


def test_20newsgroups_keeps_headers_and_the_split_by_date(tmp_path: Path) -> None:
    cached_newsgroups(tmp_path / "scikit")
    data = load_splits("20newsgroups", need=ALL)
    assert data.label2id == {"alt.atheism": 0, "sci.space": 1}
    assert {split: len(rows) for split, rows in data.splits.items()} == {"train": 8, "validation": 2, "test": 4}
    assert data["test"]["text"][0] == "Subject: test 0\n\ntext"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("sst2", "cannot load 'hf:nyu-mll/glue:sst2' with datasets: "),
        ("20newsgroups", "cannot fetch 20newsgroups with scikit-learn: "),
    ],
)
def test_what_cannot_be_reached_is_one_line_that_says_where_a_copy_may_lie(name: str, reason: str) -> None:
    with pytest.raises(DataError, match=rf"{reason}.*; or put a copy into the folder '{name}' of ADUE_DATA") as caught:
        load_splits(name)
    assert "\n" not in str(caught.value)


def test_a_layout_that_has_changed_is_an_error_that_lists_the_columns() -> None:
    publish("cardiffnlp/tweet_eval", "offensive", {"train": Dataset.from_dict({"text": ["a"], "offence": [1]})})
    with pytest.raises(DataError, match=r"offensive', train has no column label \(it has: text, offence\): its layout"):
        load_splits("tweet_offensive")


def test_a_local_copy_is_used_without_a_look_at_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sst2").mkdir()
    for split in ALL:
        (tmp_path / "sst2" / f"{split}.jsonl").write_text('{"text": "a", "label": 1}\n{"text": "b", "label": 0}\n')
    monkeypatch.setenv("ADUE_DATA_DIR", str(tmp_path))
    data = load_splits("sst2", need=ALL)
    assert answers(data, "test") == ["positive", "negative"]


def test_a_copy_without_the_rows_of_a_companion_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toxigen").mkdir()
    (tmp_path / "toxigen" / "test.jsonl").write_text('{"text": "a", "label": 1}\n')
    monkeypatch.setenv("ADUE_DATA_DIR", str(tmp_path))
    message = r"toxigen has no test_nonoverlap split \(it has: test\); add a file test_nonoverlap\.jsonl"
    with pytest.raises(DataError, match=message):
        load_splits("toxigen-nonoverlap", need=["test"])
