import re
from pathlib import Path

import pytest

from adue import ModelError
from adue.models.folder.find import find_folder
from tests.support.adapters import save_tiny_adapter
from tests.support.cache import COMMIT, put_into_cache


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_adapter(tmp_path_factory.mktemp("bert"), "bert")


def test_a_folder_is_itself(tmp_path: Path) -> None:
    assert find_folder(tmp_path) == tmp_path
    assert find_folder(str(tmp_path)) == tmp_path


def test_a_folder_of_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "adapter").mkdir()
    assert find_folder("~/adapter") == tmp_path / "adapter"


@pytest.mark.parametrize("name", ["nowhere", "./some/where", "/some/where", "a/b/c", "~/some where"])
def test_a_folder_that_is_not_there(name: str) -> None:
    words = f"there is no folder '{name}'; give the folder that holds adapter_config.json"
    with pytest.raises(ModelError, match=f"^{re.escape(words)}$"):
        find_folder(name)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"there is no folder '.*file'"):
        find_folder(tmp_path / "file")


@pytest.mark.parametrize("name", ["someone/something", "someone/some thing", "some--one/-x"])
def test_a_repository_that_cannot_be_reached(name: str) -> None:
    words = f"'{name}' is neither a folder nor a repository that can be reached or lies in the local cache; give"
    with pytest.raises(ModelError, match=f"^{re.escape(words)}") as caught:
        find_folder(name)
    assert "\n" not in str(caught.value)


def test_a_repository_in_the_local_cache(bert: Path, offline: Path) -> None:
    snapshot = put_into_cache(offline, "someone/adapter", bert)
    assert find_folder("someone/adapter") == snapshot
    assert find_folder("someone/adapter", revision=COMMIT) == snapshot
    with pytest.raises(ModelError, match="is neither a folder nor a repository"):
        find_folder("someone/adapter", revision="another-branch")


def test_code_is_fetched_only_where_it_may_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def fetch(_: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append("*.py" in allow_patterns)
        return str(tmp_path)

    monkeypatch.setattr("adue.models.folder.hub.snapshot_download", fetch)
    assert find_folder("someone/adapter") == find_folder("someone/adapter", with_code=True) == tmp_path
    assert asked == [False, True]
