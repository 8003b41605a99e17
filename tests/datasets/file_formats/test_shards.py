"""Folders: splits by the names of files, shards of one data set, and what save_to_disk of datasets wrote."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from adue.datasets import load_splits
from adue.datasets.file_formats.cells import to_rows
from adue.datasets.file_formats.files import read_folder
from adue.datasets.file_formats.formats import write_chunks
from adue.datasets.file_formats.stream import read_rows
from adue.foundation.errors import DataError

FEATURES = Features({"text": Value("string"), "label": ClassLabel(names=["no", "yes"])})


def write(path: Path, *texts: str) -> None:
    path.parent.mkdir(exist_ok=True)
    with write_chunks(path) as append:
        append([{"text": text, "label": str(number % 2)} for number, text in enumerate(texts)])


def saved(*texts: str) -> Dataset:
    return Dataset.from_dict({"text": texts, "label": [n % 2 for n in range(len(texts))]}, features=FEATURES)


def texts(folder: Path) -> dict[str, list[str]] | list[str]:
    rows = read_folder(folder)
    return list(rows["text"]) if isinstance(rows, Dataset) else {name: list(rows[name]["text"]) for name in rows}


def stream(source: Path) -> list[dict[str, Any]]:
    return [row for chunk in read_rows(str(source)) for row in to_rows(chunk)]


class TestSplits:
    def test_are_known_by_the_names_of_files(self, tmp_path: Path) -> None:
        (tmp_path / "Train.CSV").write_text("text,label\na,0\n")
        (tmp_path / "dev.jsonl").write_text('{"text": "b", "label": 1}\n')
        (tmp_path / "test.tsv").write_text("text\tlabel\nc\t0\n")
        (tmp_path / "README.md").write_text("not data")
        (tmp_path / "more.csv").write_text("not,ours\n")
        assert texts(tmp_path) == {"train": ["a"], "validation": ["b"], "test": ["c"]}

    def test_may_be_compressed(self, tmp_path: Path) -> None:
        write(tmp_path / "train.csv.gz", "a", "b")
        write(tmp_path / "test.json.zst", "c")
        assert texts(tmp_path) == {"train": ["a", "b"], "test": ["c"]}

    def test_may_be_numbered_files(self, tmp_path: Path) -> None:
        for number, text in enumerate("abc"):
            write(tmp_path / f"train-0000{number}-of-00003.parquet", text)
        write(tmp_path / "test-00000-of-00001.parquet", "d")
        assert texts(tmp_path) == {"train": ["a", "b", "c"], "test": ["d"]}

    def test_may_be_folders_of_shards(self, tmp_path: Path) -> None:
        for split, number, text in (("train", 0, "a"), ("train", 1, "b"), ("dev", 0, "c")):
            write(tmp_path / split / f"part-{number}.csv", text)
        saved("d").save_to_disk(str(tmp_path / "test"))
        (tmp_path / "val").mkdir()
        assert texts(tmp_path) == {"train": ["a", "b"], "validation": ["c"], "test": ["d"]}

    @pytest.mark.parametrize(
        "names", [("dev.csv", "validation.csv"), ("test.csv", "test-1.csv"), ("dev/a.csv", "dev.csv")]
    )
    def test_that_are_there_twice_are_an_error(self, tmp_path: Path, names: tuple[str, str]) -> None:
        for name in names:
            write(tmp_path / name, "a")
        with pytest.raises(DataError, match=r"/\S+ and .*/\S+ are both the (validation|test) split; keep one of them"):
            read_folder(tmp_path)

    def test_are_not_mixed_when_their_names_are_not_understood(self, tmp_path: Path) -> None:
        for name in ("reviews_test.csv", "reviews_train.csv"):
            write(tmp_path / name, "a")
        with pytest.raises(
            DataError, match=r"look like splits, such as reviews_test\.csv and .*; name them train, valid"
        ):
            read_folder(tmp_path)

    def test_are_not_scored_as_one(self, tmp_path: Path) -> None:
        write(tmp_path / "train.csv", "a")
        write(tmp_path / "test.csv", "b")
        with pytest.raises(
            DataError, match=r"holds splits \(test\.csv, train\.csv\); give one of them, as .*test\.csv"
        ):
            stream(tmp_path)

    def test_of_a_folder_without_rows_are_an_error_that_says_how_to_name_files(self, tmp_path: Path) -> None:
        (tmp_path / "README.md").write_text("not data")
        message = r"holds no split and no rows: name files train, validation \(or dev\) and test, .*hf:"
        with pytest.raises(DataError, match=message):
            read_folder(tmp_path)
        with pytest.raises(DataError, match=message):
            stream(tmp_path)


class TestShards:
    @pytest.mark.parametrize("ending", [".csv", ".tsv.gz", ".jsonl", ".parquet"])
    def test_are_one_data_set_in_the_order_of_their_names(self, tmp_path: Path, ending: str) -> None:
        for name, text in (("b", "second"), ("a", "first"), ("c", "third")):
            write(tmp_path / f"part-{name}{ending}", text)
        for hidden in ("_adue.json", ".part-d.csv", "_SUCCESS"):
            (tmp_path / hidden).write_text("not for us")
        assert texts(tmp_path) == ["first", "second", "third"]
        assert [row["text"] for row in stream(tmp_path)] == ["first", "second", "third"]

    def test_are_labelled_rows_for_every_command(self, tmp_path: Path) -> None:
        for name in "ab":
            write(tmp_path / f"{name}.csv.zst", *(f"{name}{number}" for number in range(10)))
        data = load_splits(tmp_path)
        assert {name: len(rows) for name, rows in data.splits.items()} == {"train": 16, "validation": 4}
        assert len(load_splits(tmp_path, need=["test"])["test"]) == 20

    def test_have_the_columns_of_the_first_in_its_order(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("text,label\na,0\n")
        (tmp_path / "b.csv").write_text("label,text\n1,b\n")
        assert stream(tmp_path) == [{"text": "a", "label": "0"}, {"text": "b", "label": "1"}]
        (tmp_path / "c.csv").write_text("sentence,label\nc,0\n")
        with pytest.raises(
            DataError, match=r"c\.csv has the columns sentence, label, but a\.csv has text, label; give"
        ):
            stream(tmp_path)

    def test_have_types_that_fit_the_first(self, tmp_path: Path) -> None:
        for name, values in (("a", pa.array([1], pa.int64())), ("b", pa.array([2], pa.int32()))):
            pq.write_table(pa.table({"text": ["x"], "n": values}), tmp_path / f"{name}.parquet")
        assert [row["n"] for row in stream(tmp_path)] == [1, 2]
        pq.write_table(pa.table({"text": ["x"], "n": ["three"]}), tmp_path / "c.parquet")
        with pytest.raises(
            DataError, match=r"c\.parquet has columns of other types than a\.parquet \(.*\); write both"
        ):
            read_folder(tmp_path)

    def test_of_several_kinds_are_an_error(self, tmp_path: Path) -> None:
        write(tmp_path / "a.csv", "a")
        write(tmp_path / "b.jsonl", "b")
        with pytest.raises(DataError, match=r"several kinds, such as a\.csv and b\.jsonl; keep those of one kind"):
            read_folder(tmp_path)


class TestSavedByDatasets:
    def test_rows_are_read_by_both_readers(self, tmp_path: Path) -> None:
        saved("a", "b").save_to_disk(str(tmp_path / "disk"))
        rows = read_folder(tmp_path / "disk")
        assert isinstance(rows, Dataset)
        assert rows.features == FEATURES
        assert stream(tmp_path / "disk") == [{"text": "a", "label": 0}, {"text": "b", "label": 1}]

    @pytest.mark.parametrize("prefix", ["", "hf:"])
    def test_splits_are_splits(self, tmp_path: Path, prefix: str) -> None:
        splits = DatasetDict({"train": saved(*"abcdefghij"), "dev": saved("x", "y")})
        splits.save_to_disk(str(tmp_path / "disk"))
        data = load_splits(f"{prefix}{tmp_path / 'disk'}")
        assert {name: len(rows) for name, rows in data.splits.items()} == {"train": 10, "validation": 2}
        assert data.label2id == {"no": 0, "yes": 1}

    def test_splits_are_scored_one_at_a_time(self, tmp_path: Path) -> None:
        DatasetDict({"train": saved("a"), "dev": saved("b")}).save_to_disk(str(tmp_path / "disk"))
        with pytest.raises(DataError, match=r"disk holds splits \(train, dev\); give one of them, as .*disk/train"):
            stream(tmp_path / "disk")
        assert [row["text"] for row in stream(tmp_path / "disk" / "dev")] == ["b"]

    def test_chosen_rows_are_these_rows(self, tmp_path: Path) -> None:
        saved("a", "b", "c").select([2, 0]).save_to_disk(str(tmp_path / "disk"))
        assert [row["text"] for row in stream(tmp_path / "disk")] == ["c", "a"]

    def test_no_rows_are_one_line(self, tmp_path: Path) -> None:
        saved("a").select([]).save_to_disk(str(tmp_path / "disk"))
        with pytest.raises(DataError, match=r"disk holds no rows; save rows there with save_to_disk"):
            stream(tmp_path / "disk")

    def test_half_a_folder_is_one_line(self, tmp_path: Path) -> None:
        saved("a").save_to_disk(str(tmp_path / "disk"))
        next((tmp_path / "disk").glob("*.arrow")).unlink()
        with pytest.raises(DataError, match=r"disk is not whole: .*; save it again with save_to_disk") as caught:
            read_folder(tmp_path / "disk")
        assert "\n" not in str(caught.value)
