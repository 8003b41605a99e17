"""An adapter that is there is used, if it is the one that was asked for."""

import json
import shutil
from pathlib import Path

import pytest

from adue.foundation.errors import ArtifactError
from adue.research.benchmark.adapters import ensure_adapter
from adue.research.benchmark.configuration import BenchmarkConfig, Task
from adue.research.benchmark.folders import Folders
from adue.research.benchmark.task_rows import TaskRows, load_task_rows
from tests.research.benchmark.conftest import QUICK, Ground


@pytest.fixture
def adapter(finished: Folders, tmp_path: Path) -> Path:
    return shutil.copytree(finished.adapter("bert", "mine", 0), tmp_path / "seed-0")


def asked(config: BenchmarkConfig) -> tuple[Task, TaskRows]:
    task = config.tasks[0]
    return task, load_task_rows(task, config.evaluation_rows)


def test_it_is_left_as_it_is(ground: Ground, adapter: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in adapter.iterdir()}
    task, rows = asked(ground.config())
    assert ensure_adapter(adapter, task, 0, rows)
    assert {path: path.stat().st_mtime_ns for path in adapter.iterdir()} == before


def test_the_type_a_machine_computes_in_does_not_count(ground: Ground, adapter: Path) -> None:
    record = json.loads((adapter / "adue_training.json").read_text())
    record["settings"]["bf16"] = not record["settings"]["bf16"]
    (adapter / "adue_training.json").write_text(json.dumps(record))
    task, rows = asked(ground.config())
    assert ensure_adapter(adapter, task, 0, rows)


def test_one_with_other_settings_is_refused_and_not_overwritten(ground: Ground, adapter: Path) -> None:
    models = ground.config().to_dict()["models"]
    models["bert"]["training"] = QUICK | {"max_epochs": 3}
    task, rows = asked(ground.config(models=models))
    with pytest.raises(ArtifactError, match=r"seed-0 was not trained as .*\(max_epochs 2, not 3\); move it away"):
        ensure_adapter(adapter, task, 0, rows)


def test_one_of_another_seed_or_other_rows_is_refused(ground: Ground, adapter: Path) -> None:
    task, rows = asked(ground.config())
    with pytest.raises(ArtifactError, match=r"\(seed 0, not 1\)"):
        ensure_adapter(adapter, task, 1, rows)
    with pytest.raises(ArtifactError, match="data_sha256"):
        ensure_adapter(adapter, task, 0, TaskRows(rows.validation, rows.validation, rows.evaluation, rows.id2label))


def test_one_without_a_record_is_refused(ground: Ground, adapter: Path) -> None:
    (adapter / "adue_training.json").unlink()
    task, rows = asked(ground.config())
    with pytest.raises(ArtifactError, match=r"holds an adapter, but no adue_training.json that says how"):
        ensure_adapter(adapter, task, 0, rows)
