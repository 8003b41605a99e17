import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Value

from adue.datasets.file_formats.files import read_file
from adue.foundation.errors import DataError

AWKWARD = [
    "NA",
    "null",
    "123",
    "1.50",
    "",
    "True",
    "2024-01-01",
    'she said "no", twice',
    "two\nlines",
    "naïve ☃",
    " x ",
]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".CSV"])
def test_texts_come_back_as_written_in_every_format(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"text": AWKWARD, "label": [0, 1] * 5 + [0]})
    path = tmp_path / f"rows{ending}"
    {
        ".csv": lambda: frame.to_csv(path, index=False),
        ".CSV": lambda: frame.to_csv(path, index=False),
        ".tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
        ".jsonl": lambda: frame.to_json(path, orient="records", lines=True),
        ".ndjson": lambda: frame.to_json(path, orient="records", lines=True),
        ".json": lambda: frame.to_json(path, orient="records"),
        ".parquet": lambda: frame.to_parquet(path),
    }[ending]()
    rows = read_file(path)
    assert list(rows["text"]) == AWKWARD
    assert [int(label) for label in rows["label"]] == [0, 1] * 5 + [0]


def test_a_byte_order_mark_and_blank_lines_are_no_part_of_the_data(tmp_path: Path) -> None:
    rows = read_file(write(tmp_path / "rows.csv", b"\xef\xbb\xbftext,label\r\na,0\r\n\r\nb,1\r\n"))
    assert rows.column_names == ["text", "label"]
    assert list(rows["text"]) == ["a", "b"]


def test_a_line_separator_inside_a_json_text_does_not_end_the_line(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", json.dumps({"text": "a\u2028b"}, ensure_ascii=False) + "\n")
    assert list(read_file(path)["text"]) == ["a\u2028b"]


def test_keys_that_only_some_json_lines_have_are_missing_elsewhere(tmp_path: Path) -> None:
    rows = read_file(write(tmp_path / "rows.jsonl", '{"text": "a"}\n{"text": "b", "who": "me"}\n'))
    assert list(rows["who"]) == [None, "me"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "rows.doc",
            "a",
            r"ending must be one of \.csv, .* \.txt, and all but \.parquet and \.xlsx also with \.gz, .* \.zip behind",
        ),
        ("rows.gz", "a", r"its ending must be one of"),
        ("rows.csv", "", r"rows\.csv is empty, without even a header; write the names of the columns into it"),
        ("rows.csv", ",,\n", r"rows\.csv has no names in its header; write the names"),
        (
            "rows.csv",
            "text,\na,b\n",
            r"a value in a column without a name, in the row that ends at line 2; write a name",
        ),
        ("rows.txt", "", r"rows\.txt holds no rows"),
        ("rows.csv", "text,label\n", r"rows\.csv holds no rows"),
        ("rows.jsonl", "\n", r"rows\.jsonl holds no rows"),
        ("rows.json", "[]", r"rows\.json holds no rows"),
        ("rows.csv", "text,label\na,0\nb, or c,1\n", r"3 fields in the row that ends at line 3, but its header has 2"),
        ("rows.csv", 'text,label\na,0\n"b,1\n', r"malformed at line 3: unexpected end of data.*double them"),
        ("rows.csv", 'text,label\n"a" b,0\n', r"malformed at line 2"),
        ("rows.csv", "text,text\na,b\n", r"two columns of the same name in its header \(text, text\)"),
        (
            "rows.csv",
            b"text,label\na,0\n\xff,1\n",
            r"is not UTF-8 at line 3: invalid start byte; save the file as UTF-8",
        ),
        ("rows.jsonl", '{"text": "a"}\n{"text": \n', r"not valid JSON at line 2: .*write one object per line"),
        ("rows.jsonl", '{"text": "a"}\n["b"]\n', r"one object per line.*line 2 is not one"),
        ("rows.json", '[{"text": "a"}, "b"]', r"must hold a list of objects.*element 2 is not one"),
        ("rows.json", '\n[{"text": "a"},\n', r"not valid JSON: .*line 3 .*; write one object per line, or a list"),
        ("rows.json", '{\n"text": "a"}', r"not valid JSON at line 1: .*; write one object per line, or a list"),
        (
            "rows.csv",
            "text;label\na\nb, c\n",
            r"the only column is 'text;label': columns end with a comma .*save it so",
        ),
        ("rows.json", '{"a": 1, "a": 2}', r"an object with the key 'a' twice at line 1; write each key once"),
        ("rows.json", '[{"m": {"a": 1, "a": 2}}]', r"an object with the key 'a' twice; write each key once"),
        ("rows.jsonl", '{"m": ' + "[" * 100_000, r"holds JSON nested too deeply at line 1; leave that column out"),
        ("rows.csv.zip", "text\na\n", r"is not a whole \.zip file: File is not a zip file; write it again"),
        ("rows.csv.gz", "text\na\n", r"is not a whole \.gz file: Not a gzipped file .*; write it again"),
        ("rows.csv.xz", "text\na\n", r"is not a whole \.xz file: Input format not supported.*; write it again"),
        ("rows.csv.zst", "text\na\n", r"is not a whole \.zst file: .*; write it again"),
        ("rows.parquet.gz", "", r"a \.parquet file is compressed inside already; give it without \.gz"),
        ("rows.jsonl", '{"label": 1}\n{"label": "a"}\n', r"values of 'label' do not make one column: .*one kind"),
        ("rows.jsonl", '{"text": "\\ud800"}\n', r"values of 'text' do not make one column: .*surrogates not allowed"),
        ("rows.parquet", "not parquet at all", r"not a whole Parquet file: .*; write it again"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_one_line_error_that_names_it(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_file(write(tmp_path / name, content))
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file .*nowhere\.csv; check the path"):
        read_file(tmp_path / "nowhere.csv")


def test_a_header_that_is_not_divided_is_said_before_quotes_that_do_not_fit(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", 'text;label\ngood\n"dull; long" film;0\n')
    with pytest.raises(DataError, match="the only column is 'text;label'"):
        read_file(path)


class TestColumnsThatDatasetsHasNoTypeFor:
    TABLE = pa.table(
        {
            "text": ["good", "bad"],
            "label": [0, 1],
            "map": pa.array([[("a", "b")], None], pa.map_(pa.string(), pa.string())),
            "views": pa.array([[1], []], pa.list_view(pa.int64())),
            "spread": pa.array([0.5, 0.25]),
        }
    )

    def test_are_left_out(self, tmp_path: Path) -> None:
        pq.write_table(self.TABLE, tmp_path / "rows.parquet")
        assert read_file(tmp_path / "rows.parquet").column_names == ["text", "label", "spread"]

    def test_are_named_where_they_are_needed(self, tmp_path: Path) -> None:
        pq.write_table(self.TABLE, tmp_path / "rows.parquet")
        with pytest.raises(
            DataError, match=r"rows\.parquet: the column 'map' is of the type map<string, string.*>, which can be"
        ):
            read_file(tmp_path / "rows.parquet", needed=["map"])

    @pytest.mark.parametrize("value", ['"a"', "18446744073709551616", "[1]"])
    def test_are_left_out_of_json_too(self, tmp_path: Path, value: str) -> None:
        path = write(tmp_path / "rows.jsonl", f'{{"text": "a", "other": 1}}\n{{"text": "b", "other": {value}}}\n')
        assert read_file(path).to_list() == [{"text": "a"}, {"text": "b"}]
        with pytest.raises(DataError, match="the values of 'other' do not make one column"):
            read_file(path, needed=["other"])


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_texts_of_every_type_are_texts(tmp_path: Path, kind: pa.DataType) -> None:
    texts = pa.array(["good", None, "good"]).cast(kind)
    pq.write_table(pa.table({"text": texts}), tmp_path / "rows.parquet")
    rows = read_file(tmp_path / "rows.parquet")
    assert (rows.features["text"], list(rows["text"])) == (Value("string"), ["good", None, "good"])
