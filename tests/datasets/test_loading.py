from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from adue.datasets import load_splits
from adue.foundation.errors import DataError, DataWarning
from adue.foundation.types import OUT_OF_SCOPE

BINARY = {"negative": 0, "positive": 1}


def frame(rows: int, start: int = 0) -> pd.DataFrame:
    numbers = range(start, start + rows)
    return pd.DataFrame(
        {"text": [f"text {number}" for number in numbers], "label": [("negative", "positive")[n % 2] for n in numbers]}
    )


def folder_of(parent: Path, **splits: int) -> Path:
    folder = parent / "data"
    folder.mkdir()
    for index, (name, rows) in enumerate(splits.items()):
        frame(rows, start=1000 * index).to_csv(folder / f"{name}.csv", index=False)
    return folder


def secret_test() -> DatasetDict:
    features = Features({"sentence": Value("string"), "label": ClassLabel(names=["negative", "positive"])})
    train = Dataset.from_dict({"sentence": [f"t{n}" for n in range(10)], "label": [0, 1] * 5}, features=features)
    validation = Dataset.from_dict({"sentence": ["v", "w"], "label": [0, 1]}, features=features)
    test = Dataset.from_dict({"sentence": ["x", "y"], "label": [-1, -1]}, features=features)
    return DatasetDict({"train": train, "validation": validation, "test": test})


def test_one_file_becomes_train_and_a_fifth_of_it_validation(tmp_path: Path) -> None:
    frame(50).to_csv(tmp_path / "rows.csv", index=False)
    data = load_splits(str(tmp_path / "rows.csv"))
    assert {name: len(rows) for name, rows in data.splits.items()} == {"train": 40, "validation": 10}
    assert not set(data["train"]["text"]) & set(data["validation"]["text"])
    assert data.notes == ("validation is 20 % of the given training rows (seed 42)",)


def test_the_columns_are_text_and_label_of_fixed_types_and_all_others(tmp_path: Path) -> None:
    frame(4).assign(author="me").rename(columns={"text": "Sentence"}).to_csv(tmp_path / "rows.csv", index=False)
    rows = load_splits(tmp_path / "rows.csv", label2id=BINARY)["train"]
    assert rows.features == Features({"text": Value("string"), "label": Value("int64"), "author": Value("string")})


def test_one_file_is_the_split_that_is_needed_with_all_its_rows_in_order(tmp_path: Path) -> None:
    frame(5).to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    data = load_splits(tmp_path / "rows.jsonl", need=["test"], label2id=BINARY)
    assert list(data.splits) == ["test"]
    assert list(data["test"]["text"]) == [f"text {number}" for number in range(5)]
    assert list(data["test"]["label"]) == [0, 1, 0, 1, 0]


def test_one_file_for_training_only_keeps_all_its_rows(tmp_path: Path) -> None:
    frame(5).to_csv(tmp_path / "rows.csv", index=False)
    assert {name: len(rows) for name, rows in load_splits(tmp_path / "rows.csv", need=["train"]).splits.items()} == {
        "train": 5
    }


def test_rows_of_one_class_can_be_evaluated(tmp_path: Path) -> None:
    frame(4).assign(label="positive").to_csv(tmp_path / "rows.csv", index=False)
    data = load_splits(tmp_path / "rows.csv", need=["test"], label2id=BINARY)
    assert list(data["test"]["label"]) == [1, 1, 1, 1]


def test_rows_of_one_class_cannot_be_learned_from(tmp_path: Path) -> None:
    frame(4).assign(label="positive").to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(DataError, match=r"rows\.csv, train: every row is labelled 'positive'"):
        load_splits(tmp_path / "rows.csv", label2id=BINARY)


def test_a_folder_with_all_splits_is_taken_as_it_is(tmp_path: Path) -> None:
    data = load_splits(folder_of(tmp_path, train=6, dev=4, test=2))
    assert {name: len(rows) for name, rows in data.splits.items()} == {"train": 6, "validation": 4, "test": 2}
    assert data.notes == ()


def test_the_training_rows_of_a_folder_are_the_same_for_fitting_and_for_evaluating(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, train=50, test=10)
    fitting, evaluating = load_splits(folder), load_splits(folder, need=["test", "train"])
    assert len(fitting["train"]) == 40
    assert list(evaluating["train"]["text"]) == list(fitting["train"]["text"])


def test_a_split_that_is_needed_and_not_there_is_an_error_that_lists_the_others(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data has no test split \(it has: train, validation\); give a folder"):
        load_splits(folder_of(tmp_path, train=6, valid=4), need=["test"])


def test_the_validation_split_is_the_test_split_where_test_labels_are_secret() -> None:
    data = load_splits(secret_test(), need=["train", "validation", "test"])
    assert list(data["test"]["text"]) == ["v", "w"]
    assert {name: len(rows) for name, rows in data.splits.items()} == {"train": 8, "validation": 2, "test": 2}
    assert len(data.notes) == 3


def test_new_classes_are_made_from_the_labels_and_returned(tmp_path: Path) -> None:
    frame(6).to_csv(tmp_path / "rows.csv", index=False)
    assert load_splits(tmp_path / "rows.csv").label2id == BINARY


def test_labels_are_the_models_ids_by_name_and_through_the_map(tmp_path: Path) -> None:
    frame(4).replace({"positive": "+"}).to_csv(tmp_path / "rows.csv", index=False)
    data = load_splits(
        tmp_path / "rows.csv", need=["test"], label2id={"positive": 0, "negative": 1}, label_map={"+": "positive"}
    )
    assert list(data["test"]["label"]) == [1, 0, 1, 0]


def test_a_label_that_the_model_does_not_know_is_an_error(tmp_path: Path) -> None:
    frame(4).replace({"positive": "neutral"}).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(DataError, match=r"the label column holds 'neutral', which the model does not know"):
        load_splits(tmp_path / "rows.csv", label2id=BINARY)


def test_rows_that_no_class_fits_can_be_evaluated_and_not_trained_on(tmp_path: Path) -> None:
    frame(6).replace({"label": {"positive": "out-of-scope"}}).to_csv(tmp_path / "rows.csv", index=False)
    data = load_splits(tmp_path / "rows.csv", need=["test"], label2id=BINARY)
    assert list(data["test"]["label"]) == [0, OUT_OF_SCOPE] * 3
    with pytest.raises(DataError, match=r"rows\.csv, train: 3 of 6 rows are labelled 'out-of-scope'"):
        load_splits(tmp_path / "rows.csv", label2id=BINARY)


def test_columns_can_be_chosen_and_one_that_is_in_the_way_is_kept(tmp_path: Path) -> None:
    frame(4).assign(body="b", topic=["x", "y"] * 2).to_csv(tmp_path / "rows.csv", index=False)
    rows = load_splits(tmp_path / "rows.csv", need=["test"], text_column="body", label_column="topic")["test"]
    assert set(rows["text"]) == {"b"}
    assert list(rows["label"]) == [0, 1, 0, 1]
    assert list(rows["original_text"]) == [f"text {number}" for number in range(4)]


def test_a_column_chosen_for_the_text_is_not_guessed_to_be_the_label(tmp_path: Path) -> None:
    frame(4).rename(columns={"text": "label", "label": "stars"}).to_csv(tmp_path / "rows.csv", index=False)
    rows = load_splits(tmp_path / "rows.csv", need=["test"], text_column="label")["test"]
    assert list(rows["text"]) == [f"text {number}" for number in range(4)]


def test_a_column_that_cannot_be_guessed_is_an_error_that_names_the_split(tmp_path: Path) -> None:
    frame(4).rename(columns={"label": "z"}).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(DataError, match=r"rows\.csv, train: no column looks like the label .*text, z.*--label-column"):
        load_splits(tmp_path / "rows.csv")


@pytest.mark.parametrize("text", ["good", "good, not bad"])
def test_a_file_with_semicolons_is_read_and_it_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "rows.csv").write_text(f"text;label\n{text};1\n")
    with pytest.warns(
        DataWarning, match=r"rows\.csv: its fields are divided by ';', as its header says \(text, label\)$"
    ):
        rows = load_splits(tmp_path / "rows.csv", need=["test"], label2id=BINARY)["test"]
    assert rows.to_list() == [{"text": text, "label": 1}]


def test_columns_that_nobody_asked_for_do_not_decide(tmp_path: Path) -> None:
    table = pa.Table.from_pandas(frame(10).assign(rating_std=0.5), preserve_index=False)
    maps = pa.array([[("a", "b")]] * 10, pa.map_(pa.string(), pa.string()))
    pq.write_table(table.append_column("map", maps), tmp_path / "rows.parquet")
    data = load_splits(tmp_path / "rows.parquet")
    assert data["train"].column_names == ["text", "label", "rating_std"]
    assert len(data["train"]) + len(data["validation"]) == 10


def test_labels_that_are_all_empty_are_an_error(tmp_path: Path) -> None:
    frame(4).assign(label="").to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(DataError, match=r"rows\.csv has no labels; .*--label-column"):
        load_splits(tmp_path / "rows.csv")


def test_empty_texts_are_kept_with_a_warning(tmp_path: Path) -> None:
    frame(4).replace({"text 1": ""}).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.warns(DataWarning, match=r"rows\.csv, test: 1 of 4 texts"):
        data = load_splits(tmp_path / "rows.csv", need=["test"])
    assert len(data["test"]) == 4


def test_a_source_that_is_nothing_is_an_error_that_lists_the_names() -> None:
    with pytest.raises(DataError, match=r"no file, folder or data set called 'reviewz'; .* one of reviews, products"):
        load_splits("reviewz")


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file .*nowhere\.csv"):
        load_splits(tmp_path / "nowhere.csv")


def test_the_rows_given_are_not_changed() -> None:
    given = secret_test()
    load_splits(given)
    assert list(given) == ["train", "validation", "test"]
    assert given["train"].column_names == ["sentence", "label"]


def test_a_sample_of_a_dataset_brings_its_own_rows_only() -> None:
    rows = Dataset.from_pandas(frame(10)).add_column("n", list(range(10))).select([8, 3, 5])
    data = load_splits(rows, need=["test"], label2id=BINARY)
    assert list(data["test"]["text"]) == ["text 8", "text 3", "text 5"]
    assert list(data["test"]["n"]) == [8, 3, 5]


def test_nothing_is_printed_and_nothing_is_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path, train=50, test=10)
    before = sorted(tmp_path.rglob("*"))
    load_splits(folder)
    assert capfd.readouterr() == ("", "")
    assert sorted(tmp_path.rglob("*")) == before


def kaggle(parent: Path, **files: str) -> Path:
    """Return a folder of training rows with the label column target, and files of other rows."""
    folder = parent / "kaggle"
    folder.mkdir()
    frame(20).rename(columns={"label": "target"}).to_csv(folder / "train.csv", index=False)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def test_a_test_split_without_the_label_column_is_left_out_with_a_note(tmp_path: Path) -> None:
    data = load_splits(kaggle(tmp_path, test="id,text\n1,a\n"), label2id=BINARY)
    assert {name: len(rows) for name, rows in data.splits.items()} == {"train": 16, "validation": 4}
    assert data.notes[0] == "test left out, it has no labels"


def test_a_test_split_without_the_label_column_that_is_needed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"kaggle, test: no column looks like the label .*id, text"):
        load_splits(kaggle(tmp_path, test="id,text\n1,a\n"), need=["test"], label2id=BINARY)


def test_another_usual_name_in_a_split_that_is_not_needed_is_not_taken_for_its_label(tmp_path: Path) -> None:
    data = load_splits(kaggle(tmp_path, test="id,text,stars\n1,a,1\n"), label2id=BINARY)
    assert "test" not in data.splits


@pytest.mark.parametrize(
    "rows",
    [
        "text,target\na,?\n",
        "text,target\na,negative\nb,\n",
        "id,source,target\n1,web,positive\n",
        "text,target\na,\"['positive', 'negative']\"\n",
    ],
)
def test_a_split_that_is_not_needed_and_not_understood_is_left_out_with_the_reason(tmp_path: Path, rows: str) -> None:
    folder = kaggle(tmp_path, test=rows)
    data = load_splits(folder, label2id=BINARY)
    assert list(data.splits) == ["train", "validation"]
    assert any(note.startswith("test left out, it is not needed and cannot be read: ") for note in data.notes)
    with pytest.raises(DataError, match=r"'\?'|rows have no label|like the text|several labels"):
        load_splits(folder, need=["test"], label2id=BINARY)


def test_training_rows_of_one_class_do_not_stop_an_evaluation(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, train=20, test=4)
    frame(20).assign(label="positive").to_csv(folder / "train.csv", index=False)
    data = load_splits(folder, need=["test"], label2id=BINARY)
    assert list(data.splits) == ["test"]
    assert "every row is labelled 'positive'" in data.notes[0]


def test_labels_that_only_the_test_split_has_are_no_new_classes(tmp_path: Path) -> None:
    data = load_splits(kaggle(tmp_path, test="text,target\na,?\nb,?\n"))
    assert data.label2id == BINARY


def test_classes_that_are_numbers_have_one_reading_in_all_splits(tmp_path: Path) -> None:
    folder = kaggle(tmp_path, train="text,label\na,0\nb,1\nc,2\n", test="text,label\nd,1\ne,2\n")
    data = load_splits(folder, need=["train", "test"], label2id={"1": 0, "2": 1, "3": 2})
    assert data["test"]["label"][:] == [1, 2]
    assert data.notes[0] == "labels are read as ids that count from 0: 0 is '1', 1 is '2', 2 is '3'"


def test_a_label_map_matches_numbers_in_any_spelling(tmp_path: Path) -> None:
    numbered, swap = {"LABEL_0": 0, "LABEL_1": 1}, {"0": "LABEL_1", "1": "LABEL_0"}
    for first, second in (("0", "1"), ("0.0", "1.0"), (" 0", "1 ")):
        (tmp_path / "rows.csv").write_text(f"text,label\na,{first}\nb,{second}\n")
        data = load_splits(tmp_path / "rows.csv", need=["test"], label2id=numbered, label_map=swap)
        assert data["test"]["label"][:] == [1, 0]


def test_a_label_map_that_matches_nothing_is_an_error_unless_it_is_shared(tmp_path: Path) -> None:
    frame(4).to_csv(tmp_path / "rows.csv", index=False)
    given = {"poz": "positive"}
    with pytest.raises(DataError, match="--label-map renames 'poz', but the data hold none of these"):
        load_splits(tmp_path / "rows.csv", need=["test"], label2id=BINARY, label_map=given)
    data = load_splits(tmp_path / "rows.csv", need=["test"], label2id=BINARY, label_map=given, shared_map=True)
    assert data["test"]["label"][:] == [0, 1, 0, 1]


def test_scores_are_not_made_classes(tmp_path: Path) -> None:
    scores = [f"{number * 0.0417:.3f}" for number in range(1, 121)]
    frame(120).assign(label=scores).to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(
        DataError, match=r"holds fractions \(0\.042, 0\.083, .* and 1\d\d more\): scores, and no classes"
    ):
        load_splits(tmp_path / "rows.csv")


def test_one_column_for_each_label_is_said_to_be_several_labels(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,toxic,insult\na,0,1\nb,1,1\n")
    with pytest.raises(
        DataError, match=r"no column looks like the label .*; toxic, insult hold 0 and 1 only, .* fit --multi-label"
    ):
        load_splits(tmp_path / "rows.csv")


def test_other_columns_that_could_be_the_label_are_named_in_a_note(tmp_path: Path) -> None:
    frame(4).assign(topic="film").to_csv(tmp_path / "rows.csv", index=False)
    data = load_splits(tmp_path / "rows.csv", need=["test"])
    assert data.notes == ("labels are read from 'label', not from topic; --label-column names another",)
    chosen = load_splits(tmp_path / "rows.csv", need=["test"], label_column="label")
    assert chosen.notes == ()


def test_a_split_whose_labels_are_all_minus_one_has_no_labels(tmp_path: Path) -> None:
    folder = kaggle(tmp_path, test="text,target\na,-1\nb,-1\n")
    assert load_splits(folder, label2id=BINARY).notes[0] == "test left out, it has no labels"
    polar = load_splits(folder, need=["test"], label2id={"-1": 0, "negative": 1, "positive": 2})
    assert polar["test"]["label"][:] == [0, 0]


def test_an_export_is_read_as_its_labelled_rows(tmp_path: Path) -> None:
    rows = [{"text": f"t{n}", "accept": [("negative", "positive")[n % 2]], "answer": "accept"} for n in range(4)]
    pd.DataFrame([*rows, {"text": "x", "accept": [], "answer": "ignore"}]).to_json(
        tmp_path / "rows.jsonl", orient="records", lines=True
    )
    data = load_splits(tmp_path / "rows.jsonl", need=["test"], label2id=BINARY)
    assert data["test"]["label"][:] == [0, 1, 0, 1]
    assert "1 of 5 rows left out, they say 1 ignore" in data.notes[0]


def test_training_rows_are_whole_where_the_validation_split_is_not_needed_and_not_understood(tmp_path: Path) -> None:
    data = load_splits(kaggle(tmp_path, dev="text,target\na,?\n"), need=["train"], label2id=BINARY)
    assert {name: len(rows) for name, rows in data.splits.items()} == {"train": 20}
