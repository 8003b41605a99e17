import pytest
from datasets import ClassLabel, Dataset, Features

from adue.datasets.labels.column import LabelColumn, read_label_column
from adue.datasets.labels.new_classes import make_label2id
from adue.datasets.labels.renames import Renames
from adue.foundation.errors import DataError, DataWarning


def column(labels: list[object], names: list[str] | None = None) -> LabelColumn:
    features = None if names is None else Features({"label": ClassLabel(names=names)})
    return read_label_column(Dataset.from_dict({"label": labels}, features=features), "label")


def test_out_of_scope_makes_no_class() -> None:
    assert make_label2id([column(["b", "a", "out-of-scope"])]) == {"a": 0, "b": 1}
    assert make_label2id([column([0], ["b", "out-of-scope", "a"])]) == {"b": 0, "a": 1}


def test_new_classes_are_sorted_and_gathered_from_all_splits() -> None:
    assert make_label2id([column(["pos", "neg"]), column(["neutral"])]) == {"neg": 0, "neutral": 1, "pos": 2}


def test_a_split_that_is_not_needed_adds_classes_where_it_has_one_of_the_others() -> None:
    needed = [column(["pos", "neg"])]
    assert make_label2id(needed, [column(["pos", "neutral"])]) == {"neg": 0, "neutral": 1, "pos": 2}
    assert make_label2id(needed, [column(["?", "?"])]) == {"neg": 0, "pos": 1}


def test_new_numbered_classes_are_sorted_by_size() -> None:
    assert make_label2id([column([10.0, 2.0, 1.0])]) == {"1": 0, "2": 1, "10": 2}


def test_numbers_from_one_are_the_names_of_new_classes() -> None:
    assert make_label2id([column([1, 2, 3])]) == {"1": 0, "2": 1, "3": 2}


def test_new_classes_keep_the_order_of_a_class_label() -> None:
    assert make_label2id([column([1, 0], ["zebra", "ant"])]) == {"zebra": 0, "ant": 1}


def test_new_classes_go_by_the_names_of_the_map() -> None:
    renames = Renames({"p": "pos", "pp": "pos"})
    assert make_label2id([column(["p", "n", "pp"])], renames=renames) == {"n": 0, "pos": 1}


def test_a_single_class_cannot_make_a_classifier() -> None:
    with pytest.raises(DataError, match=r"holds 'a' only, but a classifier needs two classes.*--label-column"):
        make_label2id([column(["a"])])


@pytest.mark.parametrize("labels", [[0.5, 1.0, 2.25], ["0.125", ".5"], ["1.0", "3.271", "2.5e-3"]])
def test_fractions_are_scores_and_no_classes(labels: list[object]) -> None:
    with pytest.raises(DataError, match=r"holds fractions \(.*\): scores, and no classes; .*--label-column"):
        make_label2id([column(labels)])


def test_labels_that_are_nearly_all_different_are_no_classes() -> None:
    with pytest.raises(DataError, match=r"holds 119 different labels in 120 rows: .*--label-column"):
        make_label2id([column([*map(str, range(119)), "0"])])


def test_many_classes_of_a_data_set_that_names_them_are_kept() -> None:
    assert len(make_label2id([column([0, 1], [f"intent {number}" for number in range(150)])])) == 150


@pytest.mark.parametrize("labels", [column(["Spam", "spam", "ham"]), column([0, 1, 2], ["Spam", "spam ", "ham"])])
def test_classes_that_case_or_spaces_tell_apart_are_two_with_a_warning(labels: LabelColumn) -> None:
    with pytest.warns(DataWarning, match=r"'Spam' and 'spam ?' are two classes, .*--label-map 'spam ?=Spam'"):
        assert len(make_label2id([labels])) == 3
