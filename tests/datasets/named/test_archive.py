import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from adue.datasets.named.archive import FILE_NAME, SHA256, fetch_archive
from adue.foundation.errors import DataError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and the folder in which its archive would lie."""
    monkeypatch.setenv("ADUE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "datasets" / SHA256[:16]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all pip can see."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_an_index_that_cannot_be_reached_is_an_error_that_says_where_to_put_the_file(cache: Path, index: Path) -> None:
    message = (
        "cannot download vaderSentiment==0.5 with pip: No matching distribution found for vaderSentiment==0.5; "
        f"connect to a package index once, or put {FILE_NAME} into {cache}"
    )
    # The rest of pip's line, in brackets, is its own affair.
    with pytest.raises(DataError, match=re.escape(message[:100]) + ".*" + re.escape(message[105:])):
        fetch_archive()
    assert not cache.exists()


def test_an_index_that_offers_another_archive_is_an_error_and_the_archive_is_not_run(cache: Path, index: Path) -> None:
    (index / FILE_NAME).write_bytes(b"something else")
    with pytest.raises(DataError, match=rf"the package index offers .* SHA-256 is not {SHA256}; use another index"):
        fetch_archive()
    assert not cache.exists()


def test_a_damaged_archive_in_the_cache_is_an_error_that_names_it(cache: Path, index: Path) -> None:
    cache.mkdir(parents=True)
    (cache / FILE_NAME).write_bytes(b"damaged")
    with pytest.raises(DataError, match=rf"{FILE_NAME} has the SHA-256 [0-9a-f]{{64}}, not {SHA256}; delete it"):
        fetch_archive()


def test_an_archive_that_was_put_into_the_cache_needs_no_index(cache: Path, index: Path, archive: Path) -> None:
    cache.mkdir(parents=True)
    (cache / FILE_NAME).hardlink_to(archive)
    assert fetch_archive() == cache / FILE_NAME


@pytest.mark.slow
def test_two_processes_can_download_at_once(cache: Path) -> None:
    fetch = [sys.executable, "-c", "from adue.datasets.named.archive import fetch_archive; print(fetch_archive())"]
    processes = [subprocess.Popen(fetch, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in processes] == [str(cache / FILE_NAME)] * 2
    assert [path.name for path in cache.iterdir()] == [FILE_NAME]
