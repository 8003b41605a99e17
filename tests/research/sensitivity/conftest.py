from pathlib import Path

import pytest

from tests.support.workspace import Workspace, make_workspace


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return make_workspace(tmp_path_factory.mktemp("workspace"))


@pytest.fixture
def space(raw: Workspace, tmp_path: Path) -> Workspace:
    """A workspace of the test's own, without a head."""
    return raw.copy(tmp_path)


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADUE_CACHE_DIR", str(tmp_path / "cache"))
