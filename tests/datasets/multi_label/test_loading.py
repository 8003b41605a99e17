import json
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Sequence, Value

from adue import DataError
from adue.datasets.multi_label.loading import load_label_splits

NAMES = ["toxic", "insult"]
ROWS = [("one", [True, False]), ("two", [True, True]), ("three", [False, False])]


def read(source: object, **options: object) -> list[tuple[str, list[bool]]]:
    rows = load_label_splits(source, NAMES, need=("test",), **options)["test"]  # type: ignore[arg-type]
    return list(zip(rows["text"][:], rows["labels"][:], strict=True))


def test_columns_of_0_and_1_in_a_csv_file(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("id,text,Insult,toxic\n1,one,0,1\n2,two,1,1\n3,three,0,0\n")
    assert read(file) == ROWS


def test_lists_as_doccano_exports_them(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    cells = [["toxic"], ["toxic", "insult"], []]
    file.write_text("\n".join(json.dumps({"text": t, "label": c}) for (t, _), c in zip(ROWS, cells, strict=True)))
    assert read(file) == ROWS


def test_class_labels_of_a_hub_data_set_are_read_by_name() -> None:
    features = Features({"text": Value("string"), "labels": Sequence(ClassLabel(names=["insult", "toxic"]))})
    rows = Dataset.from_dict({"text": [t for t, _ in ROWS], "labels": [[1], [0, 1], []]}, features=features)
    assert read(rows) == ROWS


def test_a_column_of_the_users_choice(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("body,tags,toxic\none,toxic,9\ntwo,toxic;insult,9\nthree,,9\n")
    assert read(file, text_column="body", label_column="tags") == ROWS


def test_validation_is_carved_from_train_and_said() -> None:
    rows = Dataset.from_dict({"text": [str(i) for i in range(20)], "labels": [["toxic"], []] * 10})
    found = load_label_splits(rows, NAMES)
    assert {split: len(found[split]) for split in found.splits} == {"train": 16, "validation": 4}
    assert found.notes == ("validation is 20 % of the given training rows (seed 42)",)


def test_a_train_split_that_cannot_be_read_does_not_decide_over_an_evaluation() -> None:
    test = Dataset.from_dict({"text": ["one"], "labels": [["toxic"]]})
    broken = Dataset.from_dict({"text": ["one"], "labels": [["rude"]]})
    found = load_label_splits(DatasetDict({"train": broken, "test": test}), NAMES, need=("test",))
    assert list(found.splits) == ["test"]
    assert "train left out: the data given, train: 'rude' is no label" in found.notes[0]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"text": ["one"], "toxic": ["1"]}, "there is a column for toxic, and none for insult"),
        ({"text": ["one"], "mood": ["1"]}, "no column looks like the label"),
        ({"text": ["one"], "labels": [[]]}, "no label is true in any of 1 rows"),
        ({"text": [None], "labels": [["toxic"]]}, "1 of 1 rows have no text"),
    ],
)
def test_rows_that_cannot_be_right_are_refused(columns: dict[str, list[object]], words: str) -> None:
    with pytest.raises(DataError, match=f"^the data given, test: .*{words}"):
        read(Dataset.from_dict(columns))


def test_a_rename_that_matches_no_row_is_refused() -> None:
    rows = Dataset.from_dict({"text": ["one"], "labels": [["toxic"]]})
    with pytest.raises(DataError, match="--label-map renames 'rude', which no row has"):
        read(rows, label_map={"rude": "insult"})
