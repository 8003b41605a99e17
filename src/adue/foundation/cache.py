"""The folder of downloads, features and graphs."""

import os
from pathlib import Path

import platformdirs


def cache_dir() -> Path:
    """Return the folder of all that can be made again: ``$ADUE_CACHE_DIR``, else this platform's cache folder."""
    chosen = os.environ.get("ADUE_CACHE_DIR")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("adue"))
