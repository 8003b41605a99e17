"""run.json: grows by one session per run, and is read with what a newer adue adds."""

import json
from pathlib import Path

import pytest

from adue.foundation.errors import ArtifactError, DataWarning
from adue.research.benchmark.run_record import RunRecord


@pytest.fixture
def path(tmp_path: Path) -> Path:
    RunRecord.read(tmp_path / "run.json").begin(workers=2)
    return tmp_path / "run.json"


def test_each_run_adds_a_session(path: Path) -> None:
    RunRecord.read(path).begin(workers=3)
    assert [session.workers for session in RunRecord.read(path).sessions] == [2, 3]


def test_a_key_of_a_newer_adue_is_left_out_with_a_warning(path: Path) -> None:
    sessions = [session | {"energy": 3} for session in json.loads(path.read_text())]
    path.write_text(json.dumps(sessions))
    with pytest.warns(DataWarning, match="^Session: ignoring unknown keys energy; a newer adue may have written them"):
        assert [session.workers for session in RunRecord.read(path).sessions] == [2]


def test_a_damaged_file_says_what_to_do(path: Path) -> None:
    path.write_text("[{")
    with pytest.raises(ArtifactError, match=r"run\.json is damaged .*; move it away$"):
        RunRecord.read(path)
