"""A labelled log of any classifier is read as rows to plan on, in any format, or refused in one line."""

import json
from pathlib import Path

import numpy as np
import pytest

from adue.foundation.errors import DataError
from adue.workflows.policy.scores_file import LogColumns, read_log

LINES = [
    ("complaint", 0.9, "complaint"),
    ("refund", 0.8, "complaint"),
    ("complaint", 0.7, "refund"),
    ("refund", 0.99, "out-of-scope"),
]


def write_csv(path: Path, header: str = "answer,confidence,truth", *, lines: object = LINES) -> Path:
    assert isinstance(lines, list)
    path.write_text("\n".join([header, *(",".join(map(str, line)) for line in lines)]) + "\n", encoding="utf-8")
    return path


def test_a_confidence_points_the_other_way_than_u_and_loses_no_digit(tmp_path: Path) -> None:
    log = read_log(write_csv(tmp_path / "log.csv"))
    rows = log.scored.rows
    assert rows.class_names == ("complaint", "refund")
    assert rows.predictions.tolist() == [0, 1, 0, 1]
    assert rows.labels.tolist() == [0, 0, 1, -1]
    assert rows.u.tolist() == [-0.9, -0.8, -0.7, -0.99]
    assert (log.answer, log.score, log.truth, log.higher_is_surer) == ("answer", "confidence", "truth", True)


def test_the_format_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    lines = [json.dumps({"truth": t, "p": c, "prediction": a, "more": [1]}) for a, c, t in LINES]
    path.write_text("\n".join(lines), encoding="utf-8")
    found, expected = read_log(path).scored.rows, read_log(write_csv(tmp_path / "log.csv")).scored.rows
    np.testing.assert_array_equal(found.u, expected.u)
    np.testing.assert_array_equal(found.labels, expected.labels)


def test_an_uncertainty_is_taken_as_it_is(tmp_path: Path) -> None:
    log = read_log(write_csv(tmp_path / "log.csv", "answer,uncertainty,truth"))
    assert log.scored.rows.u.tolist() == [0.9, 0.8, 0.7, 0.99]
    assert not log.higher_is_surer


def test_what_a_user_says_goes_before_names(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "log.csv", "model,energy,gold")
    columns = LogColumns(answer="model", truth="gold", score="energy", higher_is_surer=False)
    rows = read_log(path, columns).scored.rows
    assert rows.u.tolist() == [0.9, 0.8, 0.7, 0.99]
    assert rows.labels.tolist() == [0, 0, 1, -1]


def test_classes_that_are_always_reviewed_are_held(tmp_path: Path) -> None:
    rows = read_log(write_csv(tmp_path / "log.csv"), always_review=("refund",)).scored.rows
    assert rows.held.tolist() == [False, True, False, True]


def test_segments_and_the_answers_of_a_dearer_model_are_read(tmp_path: Path) -> None:
    lines = [(*line, channel, "refund") for line, channel in zip(LINES, "abab", strict=True)]
    path = write_csv(tmp_path / "log.csv", "answer,confidence,truth,channel,large", lines=lines)
    rows = read_log(path, LogColumns(segments="channel", escalated="large")).scored.rows
    assert rows.segments == ["a", "b", "a", "b"]
    assert rows.escalated is not None
    assert rows.escalated.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        ("a,b,truth", LogColumns(), "no column is called answer, prediction, predicted or the like .*--answer-column"),
        ("answer,b,c", LogColumns(), "no column is called truth, true_label, label_true .*--label-column"),
        ("answer,b,truth", LogColumns(), "no column is called confidence, .*--score-column"),
        ("answer,b,truth", LogColumns(score="x"), "no column 'x' .*choose one with --score-column"),
        ("answer,confidence,truth", LogColumns(segments="channel"), "no column 'channel' .*--by"),
        ("answer,confidence,truth", LogColumns(escalated="large"), "no column 'large' .*escalation: column"),
        ("confidence,answer,truth", LogColumns(), "no number in the column 'confidence' \\(found: 'complaint'\\)"),
    ],
)
def test_what_is_missing_is_said_in_one_line(header: str, columns: LogColumns, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message) as raised:
        read_log(write_csv(tmp_path / "log.csv", header), columns)
    assert "\n" not in str(raised.value)


def test_a_row_without_truth_is_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "log.csv", lines=[*LINES, ("refund", 0.4, "")])
    with pytest.raises(DataError, match="have no label"):
        read_log(path)


def test_an_answer_that_is_no_class_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "log.csv", lines=[*LINES, ("out-of-scope", 0.4, "refund")])
    with pytest.raises(DataError, match="'answer' holds answers that are no class"):
        read_log(path)
