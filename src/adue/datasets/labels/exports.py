"""Rows as annotation tools export them, recognised by their structure: Label Studio's tasks, Prodigy's answers."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from datasets import Dataset

from adue.datasets.columns import LABEL_COLUMNS
from adue.foundation.errors import DataError

LABEL = LABEL_COLUMNS[0]
_ANSWERS = frozenset({"accept", "reject", "ignore"})


def plain_rows(rows: Dataset, label_column: str | None, where: str) -> tuple[Dataset, tuple[str, ...]]:
    """Return the labelled rows of an export with a column of labels, and a note on those left out; else `rows`.

    Parameters
    ----------
    label_column
        The user's name of the column, or of the question in Label Studio; None to find it.
    where
        The name of the rows in messages.

    Raises
    ------
    DataError
        When no row is labelled, or a Label Studio project asks several questions and `label_column` names none.
    """
    columns = set(rows.column_names)
    if columns >= {"data", "annotations"} and _is_tasks(rows):
        return _from_label_studio(rows, label_column, where)
    if "answer" in columns and columns & {"accept", LABEL} and _are_answers(rows):
        return _from_prodigy(rows, label_column, where)
    return rows, ()


def _is_tasks(rows: Dataset) -> bool:
    task = next((task for task in rows["annotations"][:] if task), None)
    return isinstance(rows[0]["data"], dict) and isinstance(task, list) and "result" in (task[0] or {})


def _are_answers(rows: Dataset) -> bool:
    """Return whether the column is Prodigy's and not one of answers to questions."""
    given = rows["answer"][:]
    return any(given) and all(answer is None or (isinstance(answer, str) and answer in _ANSWERS) for answer in given)


def _from_label_studio(rows: Dataset, question: str | None, where: str) -> tuple[Dataset, tuple[str, ...]]:
    answers = [list(_choices(task)) for task in rows["annotations"][:]]
    questions = sorted({name for task in answers for name, _ in task})
    if len(questions) > 1 and question not in questions:
        raise DataError(f"{where}: the tasks of Label Studio ask {', '.join(questions)}; name one with --label-column")
    asked = question if question in questions else next(iter(questions), None)
    labels = [[choice for name, choices in task if name == asked for choice in choices] for task in answers]
    kept = [row for row, choices in enumerate(labels) if choices]
    left_out = len(rows) - len(kept)
    tool = _describe("Label Studio", left_out, len(rows), "they have no choice that counts")
    if not kept:
        raise DataError(f"{where}: no task of Label Studio has a choice; label some, or give plain rows")
    tasks = rows["data"][:]
    data = [tasks[row] for row in kept]
    column = question or LABEL
    others = {name: [task[name] for task in data] for name in data[0] if name != column}
    return Dataset.from_dict(others | {column: [labels[row] for row in kept]}), (f"{where}: {tool}",)


def _choices(task: list[dict[str, Any]] | None) -> Iterator[tuple[str, list[str]]]:
    """Yield the question and the choices of each answer that was not cancelled."""
    for annotation in task or []:
        if annotation.get("was_cancelled"):
            continue
        for result in annotation.get("result") or []:
            choices = (result.get("value") or {}).get("choices")
            if choices:
                yield str(result.get("from_name")), choices


def _from_prodigy(rows: Dataset, label_column: str | None, where: str) -> tuple[Dataset, tuple[str, ...]]:
    answers = rows["answer"][:]
    counts = Counter(str(answer or "no answer") for answer in answers if answer != "accept")
    kept = rows.select([row for row, answer in enumerate(answers) if answer == "accept"])
    if not len(kept):
        raise DataError(f"{where}: no row of Prodigy has the answer accept; give accepted rows")
    said = ", ".join(f"{count} {answer}" for answer, count in sorted(counts.items()))
    note = _describe("Prodigy", counts.total(), len(rows), f"they say {said}")
    if "accept" in rows.column_names and label_column is None:
        kept = kept.remove_columns([name for name in (LABEL,) if name in kept.column_names])
        kept = kept.rename_column("accept", LABEL)
    return kept, (f"{where}: {note}",)


def _describe(tool: str, left_out: int, rows: int, reason: str) -> str:
    read = f"read as an export of {tool}"
    return f"{read}; {left_out} of {rows} rows left out, {reason}" if left_out else read
