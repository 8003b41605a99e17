import json
from pathlib import Path

from adue.research.benchmark.configuration import BenchmarkConfig
from adue.research.benchmark.task_rows import TaskRows, load_task_rows


def write(path: Path, texts: list[str]) -> None:
    lines = [json.dumps({"text": text, "label": ("bad", "good")[row % 2]}) for row, text in enumerate(texts)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def task_rows(folder: Path, evaluation_rows: int | None = None) -> TaskRows:
    home = folder / "home"
    home.mkdir()
    write(home / "train.jsonl", [f"train row {row}" for row in range(20)])
    write(home / "validation.jsonl", [f"validation row {row}" for row in range(10)])
    write(home / "test.jsonl", ["Train row 3!", *(f"test row {row}" for row in range(9))])
    write(folder / "away.jsonl", ["TRAIN ROW 3 !", "Validation row 4.", *(f"away row {row}" for row in range(8))])
    config = BenchmarkConfig.from_dict(
        {
            "models": {"tiny": {"train_rows": 10}},
            "data_sets": {"mine": {"source": str(home), "shifted": {"away": str(folder / "away.jsonl")}}},
            "evaluation_rows": evaluation_rows,
        }
    )
    return load_task_rows(config.tasks[0], config.evaluation_rows)


def test_shifted_rows_that_the_adapter_has_seen_are_left_out(tmp_path: Path) -> None:
    rows = task_rows(tmp_path)
    seen = {"train row 3", "validation row 4"} & {*rows.train["text"], *rows.validation["text"]}
    away = next(one for one in rows.evaluation if one.name == "away")
    assert (away.shifted, away.available, len(away.rows)) == (True, 10, 10 - len(seen))
    assert "Validation row 4." not in away.rows["text"][:]


def test_the_test_set_is_left_as_it_is(tmp_path: Path) -> None:
    home = task_rows(tmp_path).evaluation[0]
    assert (home.name, home.shifted, len(home.rows)) == ("mine", False, 10)


def test_sets_are_cut_to_the_rows_asked_for(tmp_path: Path) -> None:
    rows = task_rows(tmp_path, evaluation_rows=6)
    assert len(rows.train) == 10
    assert len(rows.evaluation[0].rows) == 6
