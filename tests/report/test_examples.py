"""Examples: which rows are shown, in which order, and how."""

import dataclasses

import numpy as np

from adue.report.examples import LONGEST_TEXT, SHOWN, confidently_wrong, most_uncertain
from adue.report.results import ScoredSet
from adue.scores import ADUE, REFERENCE
from tests.report.factory import make_scored

NAMES = {0: "negative", 1: "positive"}


def four_rows() -> ScoredSet:
    u = np.array([0.1, 0.9, 0.4, 0.2])
    return ScoredSet(
        name="test",
        texts=["a", "b", "c", "d"],
        labels=np.array([0, 1, 0, 1]),
        predictions=np.array([1, 1, 1, 1]),
        confidence=np.array([0.99, 0.55, 0.7, 0.8]),
        scores={ADUE: u, REFERENCE: u},
    )


def test_the_most_uncertain_rows_come_highest_u_first_right_or_wrong() -> None:
    rows = most_uncertain(four_rows(), NAMES)
    assert [(row.text, row.correct) for row in rows] == [("b", True), ("c", False), ("d", True), ("a", False)]


def test_confidently_wrong_rows_are_errors_sorted_by_the_classifiers_confidence() -> None:
    first, second = confidently_wrong(four_rows(), NAMES)
    assert (first.text, first.label, first.prediction) == ("a", "negative", "positive")
    assert (first.uncertainty, first.rank) == ("0.100", "0 of 4 rows")
    assert (second.text, second.rank) == ("c", "2 of 4 rows")


def test_only_a_few_rows_are_shown() -> None:
    scored = make_scored(rows=500)
    assert len(most_uncertain(scored, NAMES)) == len(confidently_wrong(scored, NAMES)) == SHOWN


def test_a_set_without_errors_has_no_confident_mistakes() -> None:
    assert confidently_wrong(make_scored(error_rate=0.0), NAMES) == []


def test_a_long_text_is_cut_even_when_it_has_no_spaces() -> None:
    scored = dataclasses.replace(four_rows(), texts=["x" * 100_000, "two\n\n lines", "c", "d"])
    shown = {row.text for row in most_uncertain(scored, NAMES)}
    assert "x" * LONGEST_TEXT + "\N{HORIZONTAL ELLIPSIS}" in shown
    assert "two lines" in shown


def test_a_class_without_a_name_is_shown_by_its_number() -> None:
    assert {row.prediction for row in most_uncertain(four_rows(), {})} == {"1"}
