import pytest

from adue import DataError
from adue.datasets.multi_label.cells import read_cells, read_indicators
from adue.datasets.multi_label.names import LabelNames

NAMES = LabelNames(["toxic", "insult", "threat"])
CELLS = {
    "lists of names": [["toxic"], ["insult", "Threat"], []],
    "lists of ids": [[0], [1, 2], []],
    "lists of ids as text": [["0"], ["1", "2"], []],
    "0 and 1": [[1, 0, 0], [0, 1, 1], [0, 0, 0]],
    "0.0 and 1.0": [[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0]],
    "booleans": [[True, False, False], [False, True, True], [False, False, False]],
    "semicolons": ["toxic", "insult;threat", ""],
    "bars": ["toxic", "insult | threat", ""],
    "doccano's CSV": ["toxic", "insult#threat", ""],
    "JSON in CSV": ['["toxic"]', '["insult", "threat"]', "[]"],
    "pandas in CSV": ["['toxic']", "['insult', 'threat']", "[]"],
    "joined ids": ["0", "1;2", ""],
}


@pytest.mark.parametrize("cells", CELLS.values(), ids=CELLS)
def test_every_way_of_writing_labels_is_read_alike(cells: list[object]) -> None:
    wanted = [[True, False, False], [False, True, True], [False, False, False]]
    assert read_cells(cells, NAMES, "labels") == wanted


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([["toxic"], ["rude"]], "'rude' is no label of the model .toxic, insult, threat."),
        (["toxic;rude"], "'rude' is no label of the model"),
        ([[0], [3]], "is no label of the model"),
        ([["toxic"], ["1"]], "'1' is no label of the model"),
        ([["toxic"], None], r"1 of 2 rows have no value in column 'labels' \(first: row 2\)"),
        ([0, 1], "row 1 has 0 in column 'labels', which is no list of labels"),
        (["[toxic"], "begins like a list and is none"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(cells: list[object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_cells(cells, NAMES, "labels")


def test_two_numbers_that_may_be_ids_or_bits_are_refused() -> None:
    with pytest.raises(DataError, match="may be ids of labels or a 0 or 1 for each label"):
        read_cells([[0, 1], [1, 0]], LabelNames(["a", "b"]), "labels")


def test_names_that_hold_a_delimiter_are_not_split_at_it() -> None:
    assert read_cells(["a, b;c"], LabelNames(["a, b", "c"]), "labels") == [[True, True]]


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), (1, 0), (1.0, 0.0), (True, False), ("true", "False")])
def test_columns_of_0_and_1_are_read_in_every_spelling(yes: object, no: object) -> None:
    assert read_indicators([[yes, no], [no, no]], ["a", "b"]) == [[True, False], [False, False]]


@pytest.mark.parametrize("value", ["", None, "-1", "2", 0.5])
def test_an_indicator_that_is_neither_0_nor_1_is_named(value: object) -> None:
    with pytest.raises(DataError, match=r"row 2 has .* in column 'b', which has to be 0 or 1"):
        read_indicators([["1", "0"], ["0", value]], ["a", "b"])


def test_labels_are_renamed_where_the_user_says_so() -> None:
    names = LabelNames(["toxic", "insult"], {"rude": "insult"})
    assert read_cells([["Rude"], ["toxic"]], names, "labels") == [[False, True], [True, False]]
    with pytest.raises(DataError, match="sends 'rude' to 'offence', which is no label of the model"):
        LabelNames(["toxic", "insult"], {"rude": "offence"})
