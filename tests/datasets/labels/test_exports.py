import json
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from adue.datasets.file_formats.files import read_file
from adue.datasets.labels.exports import plain_rows
from adue.foundation.errors import DataError


def choice(*choices: str, question: str = "sentiment") -> dict[str, Any]:
    return {"from_name": question, "to_name": "text", "type": "choices", "value": {"choices": [*choices]}}


def task(number: int, *results: dict[str, Any], cancelled: bool = False) -> dict[str, Any]:
    annotations = [{"id": number, "was_cancelled": cancelled, "result": [*results], "lead_time": 1.5}]
    data = {"text": f"text {number}", "source": "web"}
    return {"id": number, "data": data, "annotations": annotations, "predictions": [], "meta": {}}


def label_studio(folder: Path, *tasks: dict[str, Any]) -> Dataset:
    (folder / "project.json").write_text(json.dumps(tasks))
    return read_file(folder / "project.json")


def test_tasks_of_label_studio_are_rows_with_their_choice(tmp_path: Path) -> None:
    given = label_studio(tmp_path, task(1, choice("Positive")), task(2, choice("Negative")))
    rows, notes = plain_rows(given, None, "d, test")
    assert rows[:] == {
        "text": ["text 1", "text 2"],
        "source": ["web"] * 2,
        "label": [["Positive"], ["Negative"]],
    }
    assert notes == ("d, test: read as an export of Label Studio",)


def test_tasks_without_a_choice_that_counts_are_left_out_and_counted(tmp_path: Path) -> None:
    tasks = [task(1, choice("Positive")), task(2), task(3, choice("Negative"), cancelled=True)]
    rows, notes = plain_rows(label_studio(tmp_path, *tasks), None, "d, test")
    assert rows["text"][:] == ["text 1"]
    assert notes == (
        "d, test: read as an export of Label Studio; 2 of 3 rows left out, they have no choice that counts",
    )


def test_of_several_questions_one_must_be_named(tmp_path: Path) -> None:
    given = label_studio(tmp_path, task(1, choice("Positive"), choice("Film", question="topic")))
    assert plain_rows(given, "topic", "d")[0]["topic"][:] == [["Film"]]
    with pytest.raises(DataError, match=r"d: the tasks of Label Studio ask sentiment, topic; name one with --label-c"):
        plain_rows(given, None, "d")


def test_tasks_of_which_none_is_labelled_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"d: no task of Label Studio has a choice"):
        plain_rows(label_studio(tmp_path, task(1), task(2)), None, "d")


def test_what_annotators_chose_together_is_all_kept_for_the_reader_to_refuse(tmp_path: Path) -> None:
    twice = task(1, choice("Positive"))
    twice["annotations"] += task(2, choice("Negative"))["annotations"]
    assert plain_rows(label_studio(tmp_path, twice), None, "d")[0]["label"][:] == [["Positive", "Negative"]]


def test_accepted_rows_of_prodigy_have_the_accepted_label() -> None:
    accept = [["pos"], ["neg"], ["pos"], []]
    answers = ["accept", "accept", "reject", "ignore"]
    rows, notes = plain_rows(Dataset.from_dict({"text": [*"abcd"], "accept": accept, "answer": answers}), None, "d")
    assert rows.remove_columns("answer")[:] == {"text": ["a", "b"], "label": [["pos"], ["neg"]]}
    assert notes == ("d: read as an export of Prodigy; 2 of 4 rows left out, they say 1 ignore, 1 reject",)


def test_rows_of_prodigy_with_one_label_each_are_those_where_it_was_accepted() -> None:
    given = Dataset.from_dict(
        {"text": [*"abc"], "label": ["pos", "pos", "neg"], "answer": ["accept", "reject", "accept"]}
    )
    rows, _ = plain_rows(given, None, "d")
    assert (rows["text"][:], rows["label"][:]) == (["a", "c"], ["pos", "neg"])


def test_rows_of_prodigy_of_which_none_is_accepted_are_refused() -> None:
    with pytest.raises(DataError, match=r"d: no row of Prodigy has the answer accept"):
        plain_rows(Dataset.from_dict({"text": ["a"], "label": ["pos"], "answer": ["ignore"]}), None, "d")


@pytest.mark.parametrize("answers", [["accept", "it is raining"], [["accept"], ["reject"]], [None, None]])
def test_answers_to_questions_are_no_export_of_prodigy(answers: list[object]) -> None:
    given = Dataset.from_dict({"question": ["a", "b"], "label": [0, 1], "answer": answers})
    assert plain_rows(given, None, "d") == (given, ())
