from pathlib import Path

import platformdirs
import pytest

from adue.foundation.cache import cache_dir


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ADUE_CACHE_DIR", str(tmp_path))
    assert cache_dir() == tmp_path


@pytest.mark.parametrize("value", ["", None])
def test_the_cache_is_the_users_own_where_the_environment_says_nothing(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ADUE_CACHE_DIR", raising=False)
    if value is not None:
        monkeypatch.setenv("ADUE_CACHE_DIR", value)
    assert cache_dir() == Path(platformdirs.user_cache_dir("adue"))
