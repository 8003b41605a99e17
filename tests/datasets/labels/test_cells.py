import pytest
from datasets import ClassLabel, Dataset, Features, List

from adue.datasets.labels.cells import plain_values
from adue.datasets.labels.column import read_label_column
from adue.foundation.errors import DataError


@pytest.mark.parametrize(
    "values",
    [
        [["pos"], ["neg"]],
        [["pos", "pos"], ["neg"]],
        [{"label": "pos"}, {"label": "neg", "score": 0.9}],
        [{"choices": ["pos"]}, {"choices": ["neg"]}],
        [[{"label": "pos"}], [{"label": "neg"}]],
        ['["pos"]', '["neg"]'],
        ["['pos']", "['neg']"],
        ['{"choices": ["pos"]}', '{"choices": ["neg"]}'],
    ],
)
def test_lists_and_objects_of_one_label_are_that_label_and_a_note_says_so(values: list[object]) -> None:
    assert plain_values(values, "sentiment") == (
        ["pos", "neg"],
        ("the values of 'sentiment' are lists or objects of one label, read as that label",),
    )


@pytest.mark.parametrize(
    "values", [["pos", "neg"], [0, 1], [0.5, None], [True, False], ["[sic] pos", "[x"], ["", None]]
)
def test_plain_values_stay_as_they_are(values: list[object]) -> None:
    assert plain_values(values, "label") == (values, ())


@pytest.mark.parametrize("empty", [[], [None], [""], {"choices": []}, {"label": None}, None])
def test_an_empty_list_is_a_missing_label(empty: object) -> None:
    assert plain_values([["pos"], empty], "label")[0] == ["pos", None]


def test_several_labels_of_one_row_are_refused_with_their_number_and_the_first() -> None:
    with pytest.raises(
        DataError, match=r"2 of 3 rows have several labels in column 'labels' \(first: row 2: 'a', 'b'.*--multi-label"
    ):
        plain_values([["a"], ["a", "b"], ["b", "c", "a"]], "labels")


def test_a_number_for_each_class_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"column 'labels' holds lists of 3 numbers, one for each class as it seems.*--multi-label"
    ):
        plain_values([[0, 1, 0], [1, 1, 0]], "labels")


def test_spans_are_refused() -> None:
    with pytest.raises(DataError, match=r"column 'label' labels spans inside the texts"):
        plain_values([[{"start": 0, "end": 4, "label": "PER"}], []], "label")


def test_objects_of_another_kind_are_refused_with_their_fields() -> None:
    with pytest.raises(DataError, match=r"objects with the fields pos, neg, and none of them is called choices"):
        plain_values([{"pos": 0.2, "neg": 0.8}], "label")


def test_lists_of_ids_of_a_data_sets_own_classes_are_its_names() -> None:
    features = Features({"label": List(ClassLabel(names=["neg", "pos"]))})
    rows = Dataset.from_dict({"label": [[1], [0], []]}, features=features)
    assert read_label_column(rows, "label").values == ["pos", "neg", None]
