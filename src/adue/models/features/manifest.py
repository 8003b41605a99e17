"""What an extraction left on disk: which shards, of which model, in which order, and how far it came."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from adue.foundation.config import FrozenConfig
from adue.foundation.errors import ArtifactError
from adue.foundation.files import atomic_write


class ShardEntry(FrozenConfig):
    """One shard: the key that its file is called by, and how many rows it holds."""

    key: str
    rows: int


class Manifest(FrozenConfig):
    """The shards of one set of rows; it lies beside them as ``<inputs>.json``.

    Attributes
    ----------
    model
        Fingerprint of the classifier that read the rows.
    inputs
        Fingerprint of the rows so far; it changes with any token and with the order.
    position
        The number of rows that are done.
    complete
        False while more rows are to come, and for good where a run was stopped.
    shards
        In the order of the rows.
    """

    format_version: Literal[1] = 1
    model: str
    inputs: str = ""
    position: int = 0
    complete: bool = False
    shards: tuple[ShardEntry, ...] = ()

    def followed_by(self, shard: ShardEntry) -> "Manifest":
        """Return the manifest of the same rows and those of `shard` after them.

        Examples
        --------
        >>> Manifest(model="m").followed_by(ShardEntry(key="k", rows=3)).position
        3
        """
        inputs = hashlib.sha256(f"{self.inputs}{shard.key}".encode()).hexdigest()[:32]
        after = {"inputs": inputs, "position": self.position + shard.rows, "shards": (*self.shards, shard)}
        return self.model_copy(update=after)

    def path(self, folder: Path) -> Path:
        """Return where in the shards' folder the manifest lies."""
        return folder / f"{self.inputs}.json"


def read_manifest(path: Path) -> Manifest:
    """Return the manifest in a file.

    Raises
    ------
    ArtifactError
        When there is none, or something else.
    """
    try:
        return Manifest.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} is no manifest of extracted rows ({error}); extract them again") from error


def advance(folder: Path, manifest: Manifest, shard: ShardEntry) -> Manifest:
    """Return the manifest with one more shard, written in the place of `manifest`; one that is complete stays."""
    after = manifest.followed_by(shard)
    if not _is_complete(after.path(folder)):
        _write(folder, after)
    if not _is_complete(manifest.path(folder)):
        manifest.path(folder).unlink(missing_ok=True)
    return after


def finish(folder: Path, manifest: Manifest) -> None:
    """Write down that no more rows are to come."""
    if manifest.shards and not _is_complete(manifest.path(folder)):
        _write(folder, manifest.model_copy(update={"complete": True}))


def _is_complete(path: Path) -> bool:
    try:
        return read_manifest(path).complete
    except ArtifactError:
        return False


def _write(folder: Path, manifest: Manifest) -> None:
    with atomic_write(manifest.path(folder)) as temporary:
        temporary.write_text(json.dumps(manifest.to_dict(), indent=1) + "\n", encoding="utf-8")
