from pathlib import Path

import pyarrow as pa
import pytest

from adue import FitSettings
from adue.workflows import predict_columns
from adue.workflows.fit import fit
from adue.workflows.options import ModelOptions
from tests.support.workspace import Workspace, make_workspace

NO_CACHE = ModelOptions(use_cache=False)


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return make_workspace(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="session")
def fitted(raw: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    space = raw.copy(tmp_path_factory.mktemp("fitted"))
    fit(space.adapter, space.data, grid="fast", settings=FitSettings(max_epochs=3), model_options=NO_CACHE)
    return space


@pytest.fixture
def space(raw: Workspace, tmp_path: Path) -> Workspace:
    """A workspace of the test's own, without a head."""
    return raw.copy(tmp_path)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADUE_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def second_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column more in the one place where the columns of `adue predict` are defined: the second likeliest class."""
    column = predict_columns.AnswerColumn(
        "second_choice", pa.int8(), lambda answers: answers.probabilities.argsort(axis=-1)[:, -2].tolist()
    )
    monkeypatch.setattr(predict_columns, "ANSWER_COLUMNS", (*predict_columns.ANSWER_COLUMNS, column))
