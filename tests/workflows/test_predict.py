import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, Value

from adue import AdueModel, ArtifactError, DataError, DataWarning
from adue.datasets import read_file
from adue.datasets.file_formats.chunks import column_names, column_values
from adue.datasets.file_formats.stream import read_rows, write_rows
from adue.workflows.predict import predict
from tests.support.adapters import random_texts
from tests.support.workspace import Workspace


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    rows = [{"id": index, "text": text, "extra": None} for index, text in enumerate(random_texts(50))]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_same_rows_come_out_with_three_columns_more(fitted: Workspace, texts: Path, tmp_path: Path) -> None:
    out = tmp_path / "scored.jsonl"
    result = predict(fitted.adapter, str(texts), str(out))
    before, after = read(texts), read(out)
    assert [{name: row[name] for name in before[0]} for row in after] == before
    assert [list(row)[-3:] for row in after] == [["label", "probability", "uncertainty"]] * 50
    assert result.rows == 50
    assert sum(result.labels.values()) == 50


def test_the_numbers_are_those_of_the_library(fitted: Workspace, texts: Path, tmp_path: Path) -> None:
    out = tmp_path / "scored.jsonl"
    predict(fitted.adapter, str(texts), str(out))
    rows = read(out)
    answers = AdueModel.from_pretrained(fitted.adapter).predict([str(row["text"]) for row in rows])
    assert [row["label"] for row in rows] == answers.label_names
    np.testing.assert_array_equal([row["uncertainty"] for row in rows], answers.uncertainty.astype(float))
    np.testing.assert_array_equal(
        [row["probability"] for row in rows], answers.probabilities.max(axis=-1).astype(float)
    )


def test_pieces_of_a_long_file_are_scored_as_the_whole(
    fitted: Workspace, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict(fitted.adapter, str(texts), str(tmp_path / "whole.jsonl"))
    monkeypatch.setattr("adue.datasets.file_formats.chunks.CHUNK_ROWS", 7)
    predict(fitted.adapter, str(texts), str(tmp_path / "pieces.jsonl"))
    whole, pieces = read(tmp_path / "whole.jsonl"), read(tmp_path / "pieces.jsonl")
    assert [row["label"] for row in pieces] == [row["label"] for row in whole]
    np.testing.assert_allclose(
        [row["uncertainty"] for row in pieces],
        [row["uncertainty"] for row in whole],
        atol=1e-5,
    )


def test_parquet_in_csv_out(fitted: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "texts.parquet"
    pq.write_table(pa.table({"sentence": ["good film", "bad plot"], "n": [1, 2]}), source)
    out = tmp_path / "scored.csv"
    predict(fitted.adapter, str(source), str(out))
    assert out.read_text().splitlines()[0] == "sentence,n,label,probability,uncertainty"


def test_a_column_that_would_be_overwritten_is_refused_and_a_prefix_helps(fitted: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "scored.jsonl"
    with pytest.raises(DataError, match=r"already have the column 'label', which would be overwritten; .*--prefix"):
        predict(fitted.adapter, str(fitted.test_file), str(out))
    assert not out.exists()
    predict(fitted.adapter, str(fitted.test_file), str(out), prefix="predicted_")
    assert list(read(out)[0]) == ["text", "label", "predicted_label", "predicted_probability", "predicted_uncertainty"]


def test_empty_texts_are_scored_and_counted(fitted: Workspace, tmp_path: Path) -> None:
    source, out = tmp_path / "texts.jsonl", tmp_path / "scored.jsonl"
    source.write_text('{"text": "good"}\n{"text": "  "}\n{"text": ""}\n')
    with pytest.warns(DataWarning, match="2 texts are empty"):
        result = predict(fitted.adapter, str(source), str(out))
    assert (result.rows, result.empty_texts) == (3, 2)
    assert all(0 <= float(str(row["uncertainty"])) <= 1 for row in read(out))


def test_a_row_without_text_is_named_and_nothing_is_left(fitted: Workspace, tmp_path: Path) -> None:
    source, out = tmp_path / "texts.jsonl", tmp_path / "scored.jsonl"
    source.write_text('{"text": "good"}\n{"text": null}\n')
    with pytest.raises(DataError, match="row 2 has no text in the column 'text'"):
        predict(fitted.adapter, str(source), str(out))
    assert list(tmp_path.iterdir()) == [source]


def test_no_rows_in_are_no_rows_out(fitted: Workspace, tmp_path: Path) -> None:
    source, out = tmp_path / "texts.jsonl", tmp_path / "scored.jsonl"
    source.write_text("")
    assert predict(fitted.adapter, str(source), str(out)).mean_uncertainty is None
    assert out.read_text() == ""


def test_an_adapter_without_a_head_is_refused(raw: Workspace, texts: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="fit one with adue fit"):
        predict(raw.adapter, str(texts), str(tmp_path / "out.jsonl"))


def test_a_column_that_only_later_rows_have_is_not_overwritten_either(fitted: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "good"}\n{"text": "bad", "label": "mine"}\n')
    with pytest.raises(DataError, match="already have the column 'label'"):
        predict(fitted.adapter, str(path), str(tmp_path / "out.jsonl"))


def test_parquet_to_parquet_keeps_the_types_of_all_columns(fitted: Workspace, tmp_path: Path) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    given = pa.table({"text": ["good", "bad"], "n": pa.array([1, 2], pa.int32()), "none": pa.nulls(2, pa.string())})
    pq.write_table(given, source)
    predict(fitted.adapter, str(source), str(out))
    scored = pq.read_table(out)
    assert scored.select(given.column_names) == given
    assert scored.column_names[3:] == ["label", "probability", "uncertainty"]


@pytest.mark.usefixtures("second_choice")
@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.jsonl.gz"])
def test_a_column_that_is_added_to_the_definition_is_in_the_output(
    fitted: Workspace, texts: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / name
    predict(fitted.adapter, str(texts), str(out))
    (chunk,) = read_rows(str(out))
    assert column_names(chunk)[-4:] == ["label", "probability", "uncertainty", "second_choice"]
    assert {int(value) for value in column_values(chunk, "second_choice")} <= {0, 1, 2}


@pytest.mark.usefixtures("second_choice")
def test_a_column_that_is_added_to_the_definition_is_not_overwritten(fitted: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "texts.csv"
    source.write_text("text,second_choice\ngood,mine\n")
    with pytest.raises(DataError, match="already have the column 'second_choice'"):
        predict(fitted.adapter, str(source), str(tmp_path / "out.csv"))


@pytest.mark.parametrize("source", ["in.csv", "in.parquet"])
@pytest.mark.parametrize("target", ["out.csv", "out.tsv.zst", "out.parquet"])
def test_columns_without_rows_come_out_with_the_columns_of_answers(
    fitted: Workspace, tmp_path: Path, source: str, target: str
) -> None:
    with write_rows(str(tmp_path / source)) as write:
        write(pa.table({"id": pa.array([], pa.string()), "text": pa.array([], pa.string())}))
    result = predict(fitted.adapter, str(tmp_path / source), str(tmp_path / target))
    assert (result.rows, result.mean_uncertainty) == (0, None)
    (chunk,) = read_rows(str(tmp_path / target))
    assert (len(chunk), column_names(chunk)) == (0, ["id", "text", "label", "probability", "uncertainty"])


def test_parquet_without_rows_has_the_types_of_parquet_with_rows(fitted: Workspace, tmp_path: Path) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    schemas = []
    for texts in ([], ["good"]):
        pq.write_table(pa.table({"text": pa.array(texts, pa.string())}), source)
        predict(fitted.adapter, str(source), str(out))
        schemas.append(pq.read_schema(out))
    assert schemas[0] == schemas[1]


def test_a_folder_of_shards_is_scored_as_one_file(fitted: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    for number in range(3):
        rows = [{"id": str(number), "text": text} for text in random_texts(3, seed=number)]
        with write_rows(str(folder / f"part-{number}.csv.gz")) as write:
            write(list(rows))
    out = tmp_path / "scored.jsonl"
    assert predict(fitted.adapter, str(folder), str(out)).rows == 9
    assert [row["id"] for row in read(out)] == ["0"] * 3 + ["1"] * 3 + ["2"] * 3


def test_what_datasets_saved_is_scored_with_its_types(fitted: Workspace, tmp_path: Path) -> None:
    features = Features({"text": Value("string"), "day": Value("date32"), "gold": ClassLabel(names=["a", "b"])})
    rows = Dataset.from_dict(
        {"text": ["good", "bad"], "day": [date(2026, 1, 1), None], "gold": [0, 1]}, features=features
    )
    rows.save_to_disk(str(tmp_path / "disk"))
    predict(fitted.adapter, str(tmp_path / "disk"), str(tmp_path / "out.parquet"))
    scored = read_file(tmp_path / "out.parquet")
    assert {name: scored.features[name] for name in features} == dict(features)
    assert scored.select_columns(list(features)).to_list() == rows.to_list()


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.tsv.gz", "out.xlsx", "out.jsonl"])
def test_a_file_of_json_without_rows_lets_a_batch_job_go_on(fitted: Workspace, tmp_path: Path, name: str) -> None:
    (tmp_path / "in.jsonl").write_text("")
    assert predict(fitted.adapter, str(tmp_path / "in.jsonl"), str(tmp_path / name)).rows == 0
    columns = [column_names(chunk) for chunk in read_rows(str(tmp_path / name))]
    assert columns == ([] if name == "out.jsonl" else [["label", "probability", "uncertainty"]])


def test_a_file_without_even_a_header_is_one_line(fitted: Workspace, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("")
    with pytest.raises(DataError, match=r"in\.csv is empty, without even a header; write the names of the columns"):
        predict(fitted.adapter, str(tmp_path / "in.csv"), str(tmp_path / "out.csv"))


@pytest.mark.parametrize("name", ["in.txt", "in.txt.gz", "shards"])
def test_a_file_of_texts_has_one_a_line(fitted: Workspace, tmp_path: Path, name: str) -> None:
    texts = [*random_texts(5), 'a, "b"', "text", " x "]
    content = "".join(f"{text}\n" for text in texts).encode()
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards" / "a.txt").write_bytes(content)
    if name != "shards":
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert predict(fitted.adapter, str(tmp_path / name), str(tmp_path / "out.jsonl")).rows == len(texts)
    assert [row["text"] for row in read(tmp_path / "out.jsonl")] == texts


def test_a_file_of_texts_without_a_header_is_not_read_without_its_first(fitted: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("a good film\na bad film\n")
    words = r"the only column is called 'a good film', which may be a text, .*--text-column, .* in a \.txt file"
    with pytest.raises(DataError, match=words):
        predict(fitted.adapter, str(source), str(tmp_path / "out.jsonl"))
    assert predict(fitted.adapter, str(source), str(tmp_path / "out.jsonl"), text_column="a good film").rows == 1


@pytest.mark.parametrize("target", ["out.parquet", "out.csv", "out.jsonl", "out.xlsx"])
def test_columns_of_any_type_are_passed_on(fitted: Workspace, tmp_path: Path, target: str) -> None:
    maps = pa.array([[("a", "b")], None], pa.map_(pa.string(), pa.string()))
    texts = pa.array(["good", "bad"]).dictionary_encode()
    given = pa.table({"map": maps, "text": texts, "n": [1, None]}).replace_schema_metadata({"owner": "me"})
    pq.write_table(given, tmp_path / "in.parquet")
    assert predict(fitted.adapter, str(tmp_path / "in.parquet"), str(tmp_path / target)).rows == 2
    if target == "out.parquet":
        scored, given = pq.read_table(tmp_path / target), pq.read_table(tmp_path / "in.parquet")
        assert scored.select(given.column_names).equals(given, check_metadata=True)


def test_a_workbook_comes_out_as_a_workbook(fitted: Workspace, tmp_path: Path) -> None:
    texts = ["good film", "=1+1", "two\nlines"]
    with write_rows(str(tmp_path / "in.xlsx")) as write:
        write([{"id": number, "text": text} for number, text in enumerate(texts)])
    predict(fitted.adapter, str(tmp_path / "in.xlsx"), str(tmp_path / "out.xlsx"))
    (header, *rows) = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0].iter_rows(values_only=True)
    assert header == ("id", "text", "label", "probability", "uncertainty")
    assert [row[1] for row in rows] == texts
    assert all(isinstance(row[4], int | float) for row in rows)


def test_what_cannot_be_written_is_named_and_nothing_is_left(fitted: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"meta": {}, "text": "good"}\n')
    with pytest.raises(DataError, match=r"the column 'meta' cannot be written: .*; write \.jsonl instead"):
        predict(fitted.adapter, str(source), str(tmp_path / "out.parquet"))
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("content", ['[{"text": "good"}, {"text": "bad"}]', '{"text": "good"}\n{"text": "bad"}'])
@pytest.mark.parametrize("name", ["in.json", "in.jsonl", "in.ndjson"])
def test_lists_and_lines_of_json_are_scored(fitted: Workspace, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert predict(fitted.adapter, str(tmp_path / name), str(tmp_path / "out.ndjson")).rows == 2
    assert [row["text"] for row in read(tmp_path / "out.ndjson")] == ["good", "bad"]
