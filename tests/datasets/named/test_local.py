import json
from pathlib import Path

import pytest

from adue.datasets.named.local import local_folder, read_local
from adue.foundation.errors import DataError


def write_rows(path: Path, labels: list[object]) -> None:
    rows = [{"text": f"{path.stem} {number}", "label": label} for number, label in enumerate(labels)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_each_file_is_a_split_under_any_name(tmp_path: Path) -> None:
    for name in ("train", "dev", "test", "by_hand"):
        write_rows(tmp_path / f"{name}.jsonl", [0, 1])
    splits = read_local(tmp_path, ["no", "yes"])
    assert list(splits) == ["train", "validation", "test", "by_hand"]
    assert list(splits["by_hand"]["text"]) == ["by_hand 0", "by_hand 1"]


def test_labels_are_class_ids_under_the_names_given(tmp_path: Path) -> None:
    write_rows(tmp_path / "test.jsonl", [1, 0])
    label = read_local(tmp_path, ["zebra", "ant"])["test"]
    assert label.features["label"].int2str(label["label"][:]) == ["ant", "zebra"]


@pytest.mark.parametrize("file", ["labels.json", "label_names.json"])
def test_names_in_the_folder_come_before_those_given_and_are_not_sorted(tmp_path: Path, file: str) -> None:
    write_rows(tmp_path / "test.jsonl", [0])
    (tmp_path / file).write_text('["zebra", "ant"]', encoding="utf-8")
    rows = read_local(tmp_path, ["no", "yes"])["test"]
    assert rows.features["label"].names[:2] == ["zebra", "ant"]


def test_minus_one_is_out_of_scope(tmp_path: Path) -> None:
    write_rows(tmp_path / "test.jsonl", [1, -1])
    rows = read_local(tmp_path, ["no", "yes"])["test"]
    assert rows.features["label"].int2str(rows["label"][:]) == ["yes", "out-of-scope"]


@pytest.mark.parametrize("label", [2, -2, "yes", 1.0, None, True])
def test_a_label_that_is_not_the_id_of_a_class_is_an_error(tmp_path: Path, label: object) -> None:
    write_rows(tmp_path / "test.jsonl", [label])
    message = (
        rf"test\.jsonl: the label of row 1 is {label!r}; write the id of a class, 0 to 1, or -1 where no class fits"
    )
    with pytest.raises(DataError, match=message):
        read_local(tmp_path, ["no", "yes"])


def test_a_folder_without_names_is_an_error_that_says_where_to_put_them(tmp_path: Path) -> None:
    write_rows(tmp_path / "test.jsonl", [0])
    with pytest.raises(DataError, match=r"does not say what its classes are called; put a list .* into labels\.json"):
        read_local(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 0}', r"labels\.json must hold a list of class names in the order of their ids, like \['no', 'yes'\]"),
        ("[0, 1]", r"labels\.json must hold a list of class names"),
        ("[", r"cannot read .*labels\.json: .*; write a list of class names in it"),
    ],
)
def test_names_that_are_no_list_of_names_are_an_error(tmp_path: Path, content: str, message: str) -> None:
    write_rows(tmp_path / "test.jsonl", [0])
    (tmp_path / "labels.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_local(tmp_path)


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no \.jsonl file; name files train, validation \(or dev\) and test"):
        read_local(tmp_path, ["no", "yes"])


def test_two_files_of_one_split_are_an_error(tmp_path: Path) -> None:
    for name in ("dev", "validation"):
        write_rows(tmp_path / f"{name}.jsonl", [0, 1])
    with pytest.raises(DataError, match=r"dev\.jsonl and .*validation\.jsonl are both the validation split"):
        read_local(tmp_path, ["no", "yes"])


def test_a_file_without_labels_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text('{"text": "a", "class": 1}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"test\.jsonl has the columns text, class; it must have text and label"):
        read_local(tmp_path, ["no", "yes"])


def test_a_local_copy_is_the_folder_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sst2").mkdir()
    monkeypatch.setenv("ADUE_DATA_DIR", str(tmp_path))
    assert local_folder("sst2") == tmp_path / "sst2"
    assert local_folder("sst5") is None


@pytest.mark.parametrize("value", ["", None])
def test_without_the_variable_there_is_no_local_copy(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADUE_DATA_DIR", raising=False)
    if value is not None:
        monkeypatch.setenv("ADUE_DATA_DIR", value)
    assert local_folder("sst2") is None


def test_a_variable_that_names_no_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADUE_DATA_DIR", str(tmp_path / "gone"))
    with pytest.raises(DataError, match=r"ADUE_DATA_DIR is '.*gone', which is no folder; give the folder that holds"):
        local_folder("sst2")
