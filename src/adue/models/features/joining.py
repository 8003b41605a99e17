"""Shards one after the other as whole tensors: in memory while they are small, else mapped from a file."""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import SpooledTemporaryFile

import numpy as np
import torch
from torch import Tensor

from adue.foundation.errors import ArtifactError

Spool = SpooledTemporaryFile[bytes]

IN_MEMORY = 2**24
"""Bytes of one tensor up to which it is held in memory."""


def join_shards(
    shards: Iterable[Mapping[str, Tensor]], widths: Mapping[str, int], folder: Path | None
) -> dict[str, Tensor]:
    """Return the float32 tensors of all `shards`, each (rows, width), of which one at a time is in memory.

    Parameters
    ----------
    widths
        Columns of each tensor by its name.
    folder
        Where a tensor of more than IN_MEMORY bytes lies while it is in use, in a file without a name that goes when
        the tensor does; None to hold everything in memory.

    Raises
    ------
    ArtifactError
        When `folder` cannot hold them.
    """
    if folder is None:
        return _in_memory(shards, widths)
    with ExitStack() as stack:
        spools = [SpooledTemporaryFile(IN_MEMORY, dir=str(folder)) for _ in widths]  # noqa: SIM115 - the stack does
        files = dict(zip(widths, spools, strict=True))
        stack.callback(_close, files.values())
        for shard in shards:
            _append(shard, files, folder)
        return {name: _tensor(file, widths[name]) for name, file in files.items()}


def _in_memory(shards: Iterable[Mapping[str, Tensor]], widths: Mapping[str, int]) -> dict[str, Tensor]:
    kept = list(shards)
    return {name: torch.cat([torch.empty(0, width), *(one[name] for one in kept)]) for name, width in widths.items()}


def _append(shard: Mapping[str, Tensor], files: Mapping[str, Spool], folder: Path) -> None:
    try:
        for name, file in files.items():
            file.write(shard[name].numpy().data)
            file.flush()
    except OSError as error:
        raise ArtifactError(
            f"cannot put the features together in {folder}: {error.strerror or error}; free some space or choose "
            "another folder"
        ) from error


def _close(files: Iterable[Spool]) -> None:
    for file in files:
        # Closing tries once more what could not be written, and was reported.
        with suppress(OSError):
            file.close()


def _tensor(file: Spool, width: int) -> Tensor:
    size = file.tell()
    file.seek(0)
    if size > IN_MEMORY:
        # The mapping keeps the file alive after it is closed here.
        values: np.ndarray = np.memmap(file, dtype=np.float32, mode="r+")
    else:
        values = np.empty(size // 4, dtype=np.float32)
        file.readinto(values.data)
    return torch.from_numpy(values).view(-1, width)
