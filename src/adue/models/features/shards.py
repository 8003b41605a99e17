"""What is computed row by row, kept in shards on disk: a stopped run goes on, a second one only reads."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from adue.foundation.files import atomic_write
from adue.models.features.batches import Budget
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.encoding import encode_portions
from adue.models.pretrained.tokens import Encoding

SHARD_ROWS = 2048
VALUES = "values"

Progress = Callable[[int], None]
"""Called with the number of rows just done."""


def in_shards(
    classifier: FrozenClassifier,
    texts: Iterable[str],
    compute: Callable[[Sequence[Encoding]], Tensor],
    *,
    folder: Path | None = None,
    on_progress: Progress | None = None,
) -> Iterator[Tensor]:
    """Yield what `compute` makes of SHARD_ROWS texts after SHARD_ROWS texts, one row of it per text.

    Parameters
    ----------
    compute
        From the encodings of one shard to values whose first dimension counts them.
    folder
        Where finished shards lie; its name has to say everything that the values depend on except the texts.

    Raises
    ------
    ArtifactError
        When a shard cannot be written.
    """
    for rows in encode_portions(classifier, texts, SHARD_ROWS):
        path = None if folder is None else shard_path(folder, rows_key(rows))
        shard = None if path is None else read_shard(path, len(rows), {VALUES})
        if shard is None:
            shard = {VALUES: compute(rows).contiguous()}
            if path is not None:
                write_shard(path, shard)
        if on_progress is not None:
            on_progress(len(rows))
        yield shard[VALUES]


def shard_path(folder: Path, key: str) -> Path:
    """Return where in `folder` the shard with this key lies."""
    return folder / f"{key}.safetensors"


def rows_key(rows: Sequence[Encoding]) -> str:
    """Return 32 hexadecimal digits that change with any token: with the texts, the tokenizer, the cut, the windows."""
    tokens = [row.windows[0] if len(row.windows) == 1 else row.windows for row in rows]
    return hashlib.sha256(json.dumps(tokens).encode()).hexdigest()[:32]


def like_length(rows: Sequence[Encoding], batch_size: int) -> Sequence[Tensor]:
    """Return row numbers in batches of like length, longest first, so that little of a batch is padding."""
    return [torch.tensor(batch) for batch in Budget(batch_size).batches([len(row.inputs["input_ids"]) for row in rows])]


def read_shard(path: Path, rows: int, names: set[str]) -> dict[str, Tensor] | None:
    """Return the tensors called `names`, each of `rows` rows; None where there is no such file, or not a whole one."""
    try:
        shard = load_file(path)
    except (OSError, SafetensorError):
        return None
    whole = shard.keys() == names and all(len(tensor) == rows for tensor in shard.values())
    return shard if whole else None


def write_shard(path: Path, shard: dict[str, Tensor]) -> None:
    """Write the tensors as a whole or not at all; an ArtifactError where that cannot be done."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(save(shard))
