"""Writing files so that a reader never sees half of one, and refusing places where nothing can be written."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from adue.foundation.errors import ArtifactError


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which takes its place when the block ends well and vanishes otherwise.

    Raises
    ------
    ArtifactError
        When the operating system refuses to write (disk full, no permission); the old file, if any, is untouched.
    """
    with atomic_writes(path) as (temporary,):
        yield temporary


@contextmanager
def atomic_writes(*paths: Path) -> Iterator[tuple[Path, ...]]:
    """Yield a temporary path beside each of `paths`, for files that belong together: all take their place or none.

    Raises
    ------
    ArtifactError
        As `atomic_write`. Only a crash between the two renames at the end can leave a mixture behind.
    """
    with ExitStack() as stack:
        temporaries = tuple(_temporary_beside(path, stack) for path in paths)
        try:
            yield temporaries
            for temporary, path in zip(temporaries, paths, strict=True):
                _make_ready(temporary, path)
            for temporary, path in zip(temporaries, paths, strict=True):
                temporary.replace(path)
        except OSError as error:
            raise _cannot_write(paths, error) from error


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`, which takes its place when the block ends well and vanishes otherwise.

    Raises
    ------
    ArtifactError
        When the operating system refuses to write. Only a crash between the removal of an old folder and the renaming
        of the new one can leave neither.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as outer:
            # Made by itself: a temporary folder is closed to everybody else.
            temporary = Path(outer, path.name)
            temporary.mkdir()
            yield temporary
            if path.exists():
                shutil.rmtree(path)
            temporary.replace(path)
    except OSError as error:
        raise _cannot_write([path], error) from error


def require_folder(path: Path) -> None:
    """Refuse a folder to write into that cannot be made because a file stands in its way.

    Raises
    ------
    ArtifactError
        When `path`, or what it would lie in, is a file.
    """
    for place in (path, *path.parents):
        if place.exists() and not place.is_dir():
            raise ArtifactError(f"{place} is a file, not a folder; choose another folder")


def require_file_place(path: Path) -> None:
    """Refuse a file to write that cannot be made where it is to lie.

    Raises
    ------
    ArtifactError
        When `path` is a folder, or would lie in a file.
    """
    if path.is_dir():
        raise ArtifactError(f"{path} is a folder, not a file; choose another name")
    require_folder(path.parent)


def move_saved(source: Path, target: Path) -> None:
    """Move what ``save_pretrained`` wrote into `source` to `target`, its configuration last and its README not.

    A folder without a configuration is no adapter and no model, so nobody reads one that is half there.
    """
    configurations = {"adapter_config.json", "config.json"}
    for path in sorted(source.iterdir(), key=lambda path: path.name in configurations):
        if path.is_file() and path.name != "README.md":
            shutil.move(path, target / path.name)


def _temporary_beside(path: Path, stack: ExitStack) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        os.close(descriptor)
    except OSError as error:
        raise _cannot_write([path], error) from error
    stack.callback(Path(name).unlink, missing_ok=True)
    return Path(name)


def _make_ready(temporary: Path, path: Path) -> None:
    """Write the bytes to the disk, with the rights of a new file, and check that a rename can follow."""
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    umask = os.umask(0)
    os.umask(umask)
    temporary.chmod(0o666 & ~umask)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def _cannot_write(paths: Sequence[Path], error: OSError) -> ArtifactError:
    names, reason = " and ".join(map(str, paths)), error.strerror or str(error)
    return ArtifactError(
        f"cannot write {names}: {reason}; nothing was left behind, free some space or choose another folder"
    )
