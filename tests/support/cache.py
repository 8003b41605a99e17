"""The local cache of the Hugging Face hub, filled by hand: what a machine without a network has."""

import shutil
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def put_into_cache(hub: Path, repository: str, folder: Path) -> Path:
    """Copy `folder` into the cache `hub` as the main branch of `repository` and return the snapshot's folder."""
    root = hub / f"models--{repository.replace('/', '--')}"
    snapshot = root / "snapshots" / COMMIT
    shutil.copytree(folder, snapshot)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(COMMIT)
    return snapshot
