import re

import pytest
from datasets import ClassLabel, Dataset, Features

from adue.datasets.labels.column import LabelColumn, read_label_column
from adue.datasets.labels.encode import encode_labels
from adue.datasets.labels.renames import Renames
from adue.foundation.errors import DataError, DataWarning
from adue.foundation.types import OUT_OF_SCOPE

BINARY = {"negative": 0, "positive": 1}


def dataset(labels: list[object]) -> Dataset:
    return Dataset.from_dict({"label": labels})


def class_labels(values: list[int | None], names: list[str]) -> Dataset:
    return Dataset.from_dict({"label": values}, features=Features({"label": ClassLabel(names=names)}))


def ids(rows: Dataset, label2id: dict[str, int]) -> list[int]:
    return encode_labels({"test": read_label_column(rows, "label")}, label2id).ids["test"]


def encode(labels: list[str], label2id: dict[str, int], label_map: dict[str, str] | None = None) -> list[int]:
    return encode_labels({"test": LabelColumn(labels)}, label2id, Renames(label_map or {})).ids["test"]


@pytest.mark.parametrize(
    "labels", [["negative", "positive"], [" NEGATIVE", "Positive"], ["0", "1"], ["0.0", "1."], [0, 1], [0.0, 1.0]]
)
def test_names_in_any_case_and_whole_numbers_of_any_kind_are_understood(labels: list[object]) -> None:
    assert ids(dataset(labels), BINARY) == [0, 1]


def test_case_counts_where_the_model_has_two_names_that_differ_by_it() -> None:
    assert encode(["US", "us"], {"us": 0, "US": 1}) == [1, 0]
    with pytest.raises(DataError, match="'Us', which the model does not know"):
        encode(["Us"], {"us": 0, "US": 1})


def test_a_name_that_is_a_number_is_read_as_a_name_and_not_as_an_id() -> None:
    stars = {"1": 0, "2": 1, "3": 2}
    assert ids(dataset([1.0, 2.0, 3.0]), stars) == [0, 1, 2]


def test_a_label_map_renames_before_the_lookup() -> None:
    assert encode(["pos", "NEG", "positive"], BINARY, {"pos": "positive", "neg": "negative"}) == [1, 0, 1]


def test_an_unknown_label_is_an_error_that_says_what_is_known_and_what_to_do() -> None:
    message = (
        "the label column holds 'neutral', which the model does not know (it knows: negative, positive); "
        "map it with --label-map or drop these rows"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        encode(["positive", "neutral"], BINARY)


def test_an_unknown_target_of_the_map_is_an_error_of_its_own() -> None:
    with pytest.raises(DataError, match=r"--label-map sends 'pos' to 'positiv', which the model does not know"):
        encode(["pos"], BINARY, {"pos": "positiv"})


@pytest.mark.parametrize("label", [2, -3])
def test_a_number_beyond_the_classes_is_an_error_that_gives_the_range(label: int) -> None:
    with pytest.raises(DataError, match=rf"holds {label}, but the model's classes are numbered 0 to 1 \(negative, pos"):
        ids(dataset([0, label]), BINARY)


def test_a_fraction_is_not_rounded() -> None:
    with pytest.raises(DataError, match=r"'0\.5', which the model does not know"):
        ids(dataset([0.5, 1.0]), BINARY)


@pytest.mark.parametrize("labels", [["positive", None], ["positive", ""], [1.0, float("nan")]])
def test_a_missing_label_is_an_error_that_counts_and_names_the_first_row(labels: list[object]) -> None:
    with pytest.raises(
        DataError, match=r"the data, test: 1 of 2 rows have no label \(first: row 2\); fill them in or drop"
    ):
        ids(dataset(labels), BINARY)


def test_a_long_list_of_known_names_is_cut() -> None:
    with pytest.raises(DataError, match=r"c0, c1, .*c9 and 67 more\)"):
        encode(["x"], {f"c{index}": index for index in range(77)})


def test_the_names_of_a_class_label_go_by_name_where_the_model_has_names() -> None:
    assert ids(class_labels([0, 1], ["positive", "negative"]), BINARY) == [1, 0]


def test_the_ids_of_a_class_label_are_taken_where_the_model_has_none() -> None:
    assert ids(class_labels([0, 1], ["positive", "negative"]), {"LABEL_0": 0, "LABEL_1": 1}) == [0, 1]


def test_minus_one_of_a_class_label_is_a_missing_label() -> None:
    assert read_label_column(class_labels([-1, 1, None], ["a", "b"]), "label").values == [None, "b", None]


def test_out_of_scope_is_the_label_of_rows_that_no_class_fits() -> None:
    assert encode(["positive", "Out-of-scope"], BINARY) == [1, OUT_OF_SCOPE]
    assert encode(["oos"], BINARY, {"oos": "out-of-scope"}) == [OUT_OF_SCOPE]


def test_out_of_scope_is_a_class_where_the_model_has_one_of_this_name() -> None:
    assert encode(["out-of-scope"], {"a": 0, "out-of-scope": 1}) == [1]


@pytest.mark.parametrize("label2id", [BINARY, {"LABEL_0": 0, "LABEL_1": 1}])
def test_out_of_scope_in_a_class_label_has_no_id(label2id: dict[str, int]) -> None:
    rows = class_labels([0, 2, 1], ["negative", "positive", "out-of-scope"])
    assert ids(rows, label2id) == [0, OUT_OF_SCOPE, 1]


STARS = {"1": 0, "2": 1, "3": 2}


def test_numbers_are_ids_where_one_of_them_is_no_name_and_a_note_says_so() -> None:
    found = encode_labels({"test": LabelColumn(["0", "1", "2"])}, STARS)
    assert found.ids == {"test": [0, 1, 2]}
    assert found.notes == ("labels are read as ids that count from 0: 0 is '1', 1 is '2', 2 is '3'",)


def test_all_splits_have_one_reading() -> None:
    found = encode_labels({"test": LabelColumn(["1", "2"]), "train": LabelColumn(["0", "1", "2"])}, STARS)
    assert found.ids == {"test": [1, 2], "train": [0, 1, 2]}


def test_labels_that_are_names_and_ids_are_names_with_a_warning() -> None:
    with pytest.warns(DataWarning, match=r"the labels 1, 2 are names of the model's classes and ids of others"):
        assert encode(["1", "2"], STARS) == [0, 1]
    with pytest.warns(DataWarning, match=r"the labels 0, 1 are names"):
        assert encode(["0", "1"], {"1": 0, "0": 1}) == [1, 0]


def test_names_that_are_the_ids_need_no_warning() -> None:
    assert encode(["0", "1"], {"0": 0, "1": 1}) == [0, 1]


@pytest.mark.parametrize(
    ("labels", "label2id", "said"),
    [
        (["0", "3"], STARS, r"\(as names '3'; as ids '0'\)"),
        (["positive", "0", "negative"], BINARY, r"\(as names 'positive', 'negative'; as ids '0'\)"),
        (["true", "0"], BINARY, r"\(as ids '0'; as true and false 'true'\)"),
    ],
)
def test_a_column_that_only_a_mixture_fits_is_refused(labels: list[str], label2id: dict[str, int], said: str) -> None:
    with pytest.raises(DataError, match=rf"mixes names and ids of classes {said}; write all as names, or"):
        encode(labels, label2id)


def test_ids_from_one_are_refused_with_the_map_to_give() -> None:
    message = (
        "the label column holds 3, but the model's classes are numbered 0 to 2 (very bad, fair, good); if the data "
        "count from 1, give --label-map '1=very bad' --label-map 2=fair --label-map 3=good"
    )
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        encode(["1", "3"], {"very bad": 0, "fair": 1, "good": 2})


def test_ids_of_a_part_count_from_zero_and_a_note_says_so() -> None:
    found = encode_labels({"test": LabelColumn(["2", "1"])}, {"bad": 0, "fair": 1, "good": 2})
    assert found.ids == {"test": [2, 1]}
    assert found.notes == ("labels are read as ids that count from 0: 1 is 'fair', 2 is 'good'",)


@pytest.mark.parametrize("labels", [[True, False], ["TRUE", "false"]])
def test_booleans_are_the_ids_of_two_classes_and_a_note_says_so(labels: list[object]) -> None:
    found = encode_labels({"test": read_label_column(dataset(labels), "label")}, BINARY)
    assert found.ids == {"test": [1, 0]}
    assert "is 'positive'" in found.notes[0]


def test_booleans_are_names_where_the_model_has_these() -> None:
    assert ids(dataset([True, False]), {"true": 0, "false": 1}) == [0, 1]


def test_booleans_are_no_ids_of_three_classes() -> None:
    with pytest.raises(DataError, match="holds 'True', 'False', which the model does not know"):
        ids(dataset([True, False]), {"a": 0, "b": 1, "c": 2})


@pytest.mark.parametrize("label2id", [{"LABEL_0": 0, "LABEL_1": 1}, BINARY])
@pytest.mark.parametrize("labels", [["0.0", "1.0"], [" 0 ", "1"], ["0", "+1"]])
def test_a_label_map_sees_every_spelling_of_a_number(labels: list[str], label2id: dict[str, int]) -> None:
    first, second = label2id
    assert encode(labels, label2id, {"0": second, "1": first}) == [1, 0]
    assert encode(labels, label2id, {"0.0": second, " 1": first}) == [1, 0]


def test_a_label_map_may_give_ids_and_rename_a_part() -> None:
    assert encode(["pos", "neg"], BINARY, {"pos": "1", "neg": "0"}) == [1, 0]
    assert encode(["0", "1"], BINARY, {"0": "negative"}) == [0, 1]


def test_the_ids_that_a_label_map_gives_have_one_reading() -> None:
    assert encode(["a", "b", "c"], STARS, {"a": "0", "b": "1", "c": "2"}) == [0, 1, 2]
    with pytest.raises(DataError, match=r"sends labels to '0', '3', of which some are names .* and some are ids"):
        encode(["a", "b"], STARS, {"a": "0", "b": "3"})


def test_a_label_map_sees_the_names_and_the_ids_of_a_class_label() -> None:
    rows, numbered = class_labels([0, 1], ["pos", "neg"]), {"LABEL_0": 0, "LABEL_1": 1}
    column = {"test": read_label_column(rows, "label")}
    for label_map in ({"pos": "LABEL_1", "neg": "LABEL_0"}, {"0": "LABEL_1", "1": "LABEL_0"}):
        assert encode_labels(column, numbered, Renames(label_map)).ids["test"] == [1, 0]


def test_two_classes_of_the_data_are_not_one_of_the_model_unless_the_map_says_so() -> None:
    rows, spam = class_labels([0, 1, 2], ["Spam", "spam ", "ham"]), {"ham": 0, "spam": 1}
    with pytest.raises(DataError, match="'Spam' and 'spam ' are two classes of the data, but one class of the model"):
        ids(rows, spam)
    column = {"test": read_label_column(rows, "label")}
    assert encode_labels(column, spam, Renames({"spam ": "spam"})).ids["test"] == [1, 1, 0]
    assert ids(rows, {"Spam": 0, "spam ": 1, "ham": 2}) == [0, 1, 2]


def test_a_split_that_is_not_needed_does_not_decide() -> None:
    columns = {"test": LabelColumn(["positive"]), "extra": LabelColumn(["?"]), "part": LabelColumn(["positive", None])}
    found = encode_labels(columns, BINARY, needed=["test"])
    assert (found.ids, set(found.unreadable)) == ({"test": [1]}, {"extra", "part"})
