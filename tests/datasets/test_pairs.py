from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from datasets import Dataset, DatasetDict
from hypothesis import given
from hypothesis import strategies as st

from adue.datasets import fingerprint, load_splits, texts_of
from adue.datasets.columns import TEXT_PAIRS, TextColumns, find_text_columns
from adue.datasets.named.hub_pairs import find_hub_pair
from adue.datasets.splits import carve_validation
from adue.foundation.errors import DataError

BINARY = {"0": 0, "1": 1}


def pairs_file(folder: Path, first: str = "question", second: str = "passage", rows: int = 20) -> Path:
    path = folder / "pairs.csv"
    frame = {
        first: [f"q{n}" for n in range(rows)],
        second: [f"p{n}" for n in range(rows)],
        "label": [0, 1] * (rows // 2),
    }
    pd.DataFrame(frame).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(("first", "second"), TEXT_PAIRS)
def test_two_columns_called_like_a_pair_are_refused_until_somebody_says_how_to_read_them(
    tmp_path: Path, first: str, second: str
) -> None:
    path = pairs_file(tmp_path, first.title(), second)
    with pytest.raises(DataError) as error:
        load_splits(path, need=["test"], label2id=BINARY)
    assert str(error.value) == (
        f"{path}, test: the columns '{first.title()}' and '{second}' look like a pair of texts; "
        f"read both with --text-pair-column {second}, or one alone with --text-column {first.title()}"
    )
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("first", "second"), TEXT_PAIRS)
def test_a_model_of_pairs_finds_the_two_columns_by_their_names(tmp_path: Path, first: str, second: str) -> None:
    data = load_splits(pairs_file(tmp_path, first, second), need=["test"], label2id=BINARY, pairs=True)
    assert texts_of(data["test"])[:2] == [("q0", "p0"), ("q1", "p1")]
    assert data.text_columns == (first, second)


def test_a_chosen_second_column_makes_pairs_and_a_chosen_first_one_alone_does_not(tmp_path: Path) -> None:
    path = pairs_file(tmp_path)
    both = load_splits(path, need=["test"], label2id=BINARY, text_pair_column="passage")
    assert (both["test"]["text"][0], both["test"]["text_pair"][0]) == ("q0", "p0")
    alone = load_splits(path, need=["test"], label2id=BINARY, text_column="passage")
    assert alone["test"].column_names == ["text", "label", "question"]
    assert alone.text_columns == ("passage",)


def test_any_two_columns_can_be_chosen_in_any_order(tmp_path: Path) -> None:
    data = load_splits(
        pairs_file(tmp_path, "x", "y"), need=["test"], label2id=BINARY, text_column="y", text_pair_column="x"
    )
    assert texts_of(data["test"])[0] == ("p0", "q0")


def test_a_model_of_single_texts_does_not_choose_between_the_two(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="reads single texts, but the columns 'question' and 'passage' look like a pair"
    ):
        load_splits(pairs_file(tmp_path), need=["test"], label2id=BINARY, pairs=False)


def test_what_was_chosen_and_what_the_model_reads_must_agree(tmp_path: Path) -> None:
    path = pairs_file(tmp_path)
    with pytest.raises(DataError, match="reads single texts; leave --text-pair-column out"):
        load_splits(path, need=["test"], label2id=BINARY, text_pair_column="passage", pairs=False)
    with pytest.raises(DataError, match="reads pairs of texts; name the column of the second with --text-pair-column"):
        load_splits(path, need=["test"], label2id=BINARY, text_column="passage", pairs=True)


def test_a_model_of_pairs_refuses_data_where_no_pair_or_more_than_one_is_seen() -> None:
    with pytest.raises(
        DataError, match=r"of the columns \(text, id\) no two of them are called like a pair; name them"
    ):
        find_text_columns(["text", "id"], pairs=True)
    with pytest.raises(DataError, match=r"several of them are called like a pair; name them with --text-column and"):
        find_text_columns(["question", "sentence", "passage"], pairs=True)


def test_a_text_column_beside_a_pair_is_read_alone() -> None:
    assert find_text_columns(["question", "answer", "text"]) == TextColumns("text")


def test_a_pair_of_which_one_column_holds_the_labels_is_none(tmp_path: Path) -> None:
    path = pairs_file(tmp_path, "question", "answer")
    data = load_splits(path, need=["test"], label_column="answer")
    assert data.text_columns == ("question",)


def test_one_column_for_both_texts_is_refused() -> None:
    with pytest.raises(DataError, match="'text' is named for both texts of a pair"):
        find_text_columns(["text", "other"], "text", "text")


def test_a_second_column_that_is_not_there_is_an_error_that_lists_the_columns() -> None:
    with pytest.raises(DataError, match=r"no column 'x' \(the columns are: text, y\); name the text-pair column with"):
        find_text_columns(["text", "y"], pair="x")


def test_a_column_called_text_pair_that_is_not_read_is_kept_under_another_name(tmp_path: Path) -> None:
    data = load_splits(pairs_file(tmp_path, "text", "text_pair"), need=["test"], text_column="text")
    assert data["test"].column_names == ["text", "label", "original_text_pair"]
    assert texts_of(data["test"])[0] == "q0"


def test_rows_without_a_second_text_are_one_line_and_an_empty_one_is_a_text(tmp_path: Path) -> None:
    rows: dict[str, list[Any]] = {"premise": ["a", "b"], "hypothesis": ["", None], "label": [0, 1]}
    frame = pd.DataFrame(rows)
    frame.to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    with pytest.raises(DataError, match=r"1 of 2 rows have no text in column 'hypothesis' \(first: row 2\)"):
        load_splits(tmp_path / "rows.jsonl", need=["test"], pairs=True)
    frame.fillna("").to_json(tmp_path / "rows.jsonl", orient="records", lines=True)
    data = load_splits(tmp_path / "rows.jsonl", need=["test"], pairs=True)
    assert texts_of(data["test"])[:] == [("a", ""), ("b", "")]


def test_a_split_without_the_second_column_is_refused() -> None:
    splits = DatasetDict(
        {
            "train": Dataset.from_dict({"text": ["a", "b"], "x": ["b", "c"], "label": [1, 0]}),
            "test": Dataset.from_dict({"text": ["a"], "label": [0]}),
        }
    )
    with pytest.raises(DataError, match="test: there is no column 'x'"):
        load_splits(splits, need=["train", "test"], text_pair_column="x")


def test_the_fingerprint_counts_the_second_text_and_where_it_begins() -> None:
    rows = [
        Dataset.from_dict({"text": [first], "text_pair": [second], "label": [0]})
        for first, second in (("ab", "c"), ("a", "bc"), ("ab", "d"), ("abc", ""))
    ]
    rows += [Dataset.from_dict({"text": ["abc"], "label": [0]}), Dataset.from_dict({"text": ["ab"], "label": [0]})]
    assert len({fingerprint(one) for one in rows}) == len(rows)


def test_the_fingerprint_of_pairs_is_a_known_constant() -> None:
    # Saved heads hold fingerprints: this value must never change.
    rows = Dataset.from_dict({"text": ["a", "é"], "text_pair": ["b", ""], "label": [0, 1]})
    assert fingerprint(rows) == "05bd35b2dcbb2aa104e1d5e0a72553b79111305e8830f62706ad53b533544d80"


def test_equal_pairs_stay_together_when_validation_is_carved_and_equal_first_texts_need_not() -> None:
    texts = [("same", str(n)) for n in range(10)] * 2
    train, validation = carve_validation(texts, [0, 1] * 10, seed=0)
    assert len(validation) == 4
    assert not {texts[row] for row in train} & {texts[row] for row in validation}


@pytest.mark.parametrize(
    ("source", "columns"),
    [
        ("hf:glue/mrpc", ("sentence1", "sentence2")),
        ("hf:nyu-mll/glue:qqp", ("question1", "question2")),
        ("hf:super_glue:boolq", ("question", "passage")),
        ("hf:stanfordnlp/snli", ("premise", "hypothesis")),
        ("hf:xnli:de", ("premise", "hypothesis")),
        ("hf:glue/sst2", None),
        ("hf:imdb", None),
    ],
)
def test_pairs_of_the_hub_are_known_by_name(source: str, columns: tuple[str, str] | None) -> None:
    assert find_hub_pair(source) == columns


@given(
    names=st.lists(
        st.sampled_from(sorted({name for pair in TEXT_PAIRS for name in pair} | {"id", "review"})), unique=True
    ),
    pairs=st.sampled_from([None, False, True]),
)
def test_of_any_columns_all_that_look_like_texts_are_read_or_one_line_says_why_not(
    names: list[str], pairs: bool | None
) -> None:
    found = error = None
    try:
        found = find_text_columns(names, pairs=pairs)
    except DataError as raised:
        error = str(raised)
    if found is None:
        assert error
        assert "\n" not in error
    elif pairs:
        assert found.pair is not None
    else:
        assert found.pair is None
        assert not any(found.text in pair and set(pair) <= set(names) for pair in TEXT_PAIRS)
