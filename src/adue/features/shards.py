"""Whatever is computed row by row, kept in shards on disk: a stopped run goes on, a second one only reads."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from adue.features.classifier import FrozenClassifier
from adue.features.extract import SHARD_ROWS, Encoding, Progress
from adue.files import atomic_write

VALUES = "values"


def in_shards(
    classifier: FrozenClassifier,
    texts: Sequence[str],
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
    for start in range(0, len(texts), SHARD_ROWS):
        rows = classifier.tokenize(texts[start : start + SHARD_ROWS])
        path = None if folder is None else folder / f"{rows_key(rows)}.safetensors"
        values = None if path is None else _read(path, len(rows))
        if values is None:
            values = compute(rows)
            if path is not None:
                with atomic_write(path) as temporary:
                    temporary.write_bytes(save({VALUES: values.contiguous()}))
        if on_progress is not None:
            on_progress(len(rows))
        yield values


def rows_key(rows: Sequence[Encoding]) -> str:
    """Return 32 hexadecimal digits that change with any token: with the texts, the tokenizer, the cut."""
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:32]


def like_length(rows: Sequence[Encoding], batch_size: int) -> Sequence[Tensor]:
    """Return row numbers in batches of like length, longest first, so that little of a batch is padding."""
    lengths = torch.tensor([len(row["input_ids"]) for row in rows])
    batches: Sequence[Tensor] = lengths.argsort(descending=True, stable=True).split(batch_size)
    return batches


def _read(path: Path, rows: int) -> Tensor | None:
    try:
        values = load_file(path).get(VALUES)
    except (OSError, SafetensorError):
        return None
    return values if values is not None and len(values) == rows else None
