"""Costs as a person writes them become a matrix of amounts, or one line that says what is wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adue.decisions.costs import Costs
from adue.decisions.rows import cost_matrix
from adue.foundation.errors import DataError

NAMES = ["complaint", "other", "refund"]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_one_amount_holds_for_every_error_and_a_right_answer_costs_nothing() -> None:
    expected = [[0, 5, 5], [5, 0, 5], [5, 5, 0], [5, 5, 5]]
    np.testing.assert_array_equal(cost_matrix(Costs(error=5, review=1), NAMES), expected)


def test_an_amount_per_class_is_that_of_the_answer_and_a_miss_that_of_the_truth() -> None:
    costs = Costs(error={"complaint": 1, "other": 2, "refund": 3}, miss={"refund": 50}, review=1)
    expected = [[0, 2, 3], [1, 0, 3], [50, 50, 0], [50, 50, 3]]
    np.testing.assert_array_equal(cost_matrix(costs, NAMES), expected)


def test_a_matrix_has_a_row_per_truth_and_a_column_per_answer() -> None:
    matrix = ((0.0, 1.0), (10.0, 0.0))
    got = cost_matrix(Costs(error=matrix, review=1), ["keep", "refund"])
    np.testing.assert_array_equal(got, [[0, 1], [10, 0], [10, 1]])
    assert got[1, 0] == 10, "a refund that is answered with keep"


def test_a_file_of_costs_is_read(tmp_path: Path) -> None:
    text = "currency: JPY\nerror: 3000\nmiss: {refund: 20000}\nreview: 150\nreviewers: {per_day: 80, error_rate: 0.1}\n"
    costs = Costs.load(write(tmp_path / "costs.yaml", text))
    assert costs.miss == {"refund": 20000}
    assert costs.reviewers is not None
    assert (costs.reviewers.per_day, costs.reviewers.working_days, costs.reviewers.error_rate) == (80, 5, 0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("error: 10\n", "review: Field required"),
        ("review: 1\n", "error: Field required"),
        ("error: -10\nreview: 1\n", "error.*greater than or equal to 0, got -10"),
        ("error: 10\nreview: -1\n", "review.*greater than or equal to 0, got -1"),
        ("error: ten\nreview: 1\n", "error.*valid number, got 'ten'"),
        ("error: yes\nreview: 1\n", "error.*valid number, got True"),
        ("error: .nan\nreview: 1\n", "error.*finite number"),
        ("error: 10\nreviews: 1\n", "there is no key 'reviews'; did you mean 'review'?"),
        ("error: [[0, 1], [1, 0, 2]]\nreview: 1\n", "as many columns \\(answers\\) as rows"),
        ("error: [[1, 1], [1, 0]]\nreview: 1\n", "must hold 0 where row and column meet"),
        ("error: [[0, 1], [1, 0]]\nreview: 1\nmiss: {a: 1}\n", "leave miss out"),
        ("error: 1\nreview: 1\nreviewers: {per_day: 0}\n", "per_day.*greater than 0"),
        ("error: 1\nreview: 1\nreviewers: {per_day: 5, error_rate: 3}\n", "error_rate.*less than or equal to 1"),
        ("- 1\n", "holds no costs; write a file to fill in with adue policy template"),
        ("error: [\n", "is not valid YAML"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message) as raised:
        Costs.load(write(tmp_path / "costs.yaml", text))
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*none\.yaml"):
        Costs.load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"miss": {"refunds": 5}}, "the class 'refunds' under miss, which the model does not have; its classes are"),
        ({"always_review": ("fraud",)}, "the class 'fraud' under always_review"),
        ({"error": {"complaint": 1, "other": 2}}, "no error for the class 'refund'; add it under error"),
        ({"error": {"complaint": 1, "other": 2, "refund": 3, "x": 4}}, "the class 'x' under error"),
        ({"error": ((0.0, 1.0), (1.0, 0.0))}, "2 rows, the model has 3 classes; give a row and a column for each"),
    ],
)
def test_costs_that_do_not_go_with_the_classes_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        cost_matrix(Costs(**({"error": 1.0, "review": 1.0} | given)), NAMES)
