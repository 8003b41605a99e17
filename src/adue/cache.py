"""Where downloaded files are kept."""

import os
from pathlib import Path

import platformdirs


def cache_dir() -> Path:
    """Return the folder of downloaded files: ``$ADUE_CACHE_DIR``, else the user's cache folder of this platform."""
    chosen = os.environ.get("ADUE_CACHE_DIR")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("adue"))
