"""Extraction: every row once through the frozen classifier, in shards on disk so that a stopped run goes on."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from adue.errors import ArtifactError
from adue.features.batches import BATCH_SIZE, Budget, batch_tokens_for
from adue.features.classifier import FrozenClassifier
from adue.features.encoding import encoded
from adue.features.joining import joined
from adue.features.manifest import Manifest, ShardEntry, advance, finish, read_manifest
from adue.features.shards import SHARD_ROWS, Encoding, Progress, read_shard, rows_key, shard_path, write_shard
from adue.types import FeatureSet

NAMES = {"features", "logits"}
"""What a shard of an extraction holds."""


def extract(
    classifier: FrozenClassifier,
    texts: Iterable[Any],
    labels: Sequence[int] | None = None,
    *,
    batch_size: int = BATCH_SIZE,
    batch_tokens: int | None = None,
    cache: Path | None = None,
    on_progress: Progress | None = None,
) -> FeatureSet:
    """Return features and logits of `texts` in float32, in their order.

    Parameters
    ----------
    texts
        What the classifier tokenizes: strings, or sentences as lists of words for one that answers per word, whose
        rows are then the words of all sentences. A list, a column of a data set (read from disk as it is needed) or
        anything else that gives one after the other; never more than two shards of them are in memory.
    batch_size
        Texts per forward pass at most.
    batch_tokens
        Tokens per forward pass at most, padding included, unless a single text has more; by default what suits the
        classifier's device. Texts of like length go together, so many of them when they are short.
    cache
        Folder for finished shards of SHARD_ROWS rows, and a manifest of which of them make up these rows. A second
        run over the same texts with the same model reads them back, and a stopped run continues after the last whole
        shard. What is large is then mapped from disk, so that memory does not grow with the number of rows.

    Raises
    ------
    DataError
        When a feature or logit is not finite, or a label is out of range.
    ArtifactError
        When the cache cannot be written.
    """
    budget = Budget(batch_size, batch_tokens or batch_tokens_for(classifier.device))
    folder = None if cache is None else cache / classifier.fingerprint
    shards = _shards(classifier, encoded(classifier, texts, SHARD_ROWS), budget, folder, on_progress)
    shape = classifier.head.shape
    whole = joined(shards, {"features": shape.hidden_size, "logits": shape.num_labels}, folder)
    return FeatureSet(**whole, labels=None if labels is None else torch.as_tensor(labels[:], dtype=torch.int64))


def read_extracted(manifest: Path) -> FeatureSet:
    """Return the rows that a manifest in the cache lists, without labels; what is large is mapped from disk.

    Raises
    ------
    ArtifactError
        When it is no manifest, lists nothing yet, or a shard of it is missing or damaged.
    """
    folder, listed = manifest.parent, read_manifest(manifest)
    shards = (_read_listed(folder, shard) for shard in listed.shards)
    first = next(shards, None)
    if first is None:
        raise ArtifactError(f"{manifest} lists no rows; extract them again")
    widths = {name: tensor.shape[1] for name, tensor in first.items()}
    return FeatureSet(**joined(chain([first], shards), widths, folder))


def _read_listed(folder: Path, shard: ShardEntry) -> dict[str, Tensor]:
    path = shard_path(folder, shard.key)
    found = read_shard(path, shard.rows, NAMES)
    if found is None:
        raise ArtifactError(f"{path} is missing or not what its manifest lists; extract these rows again")
    return found


def _shards(
    classifier: FrozenClassifier,
    parts: Iterable[Sequence[Encoding]],
    budget: Budget,
    folder: Path | None,
    on_progress: Progress | None,
) -> Iterator[dict[str, Tensor]]:
    """Yield features and logits of one part of the rows after the other, from `folder` where they lie there."""
    if folder is None:
        yield from (_compute(classifier, part, budget, on_progress) for part in parts)
        return
    manifest = Manifest(model=classifier.fingerprint)
    for part in parts:
        entry = ShardEntry(key=rows_key(part), rows=sum(map(classifier.rows_in, part)))
        shard = read_shard(shard_path(folder, entry.key), entry.rows, NAMES)
        if shard is None:
            shard = _compute(classifier, part, budget, on_progress)
            write_shard(shard_path(folder, entry.key), shard)
        elif on_progress is not None:
            on_progress(len(part))
        manifest = advance(folder, manifest, entry)
        yield shard
    finish(folder, manifest)


def _compute(
    classifier: FrozenClassifier, encodings: Sequence[Encoding], budget: Budget, on_progress: Progress | None
) -> dict[str, Tensor]:
    ends = list(accumulate(map(classifier.rows_in, encodings), initial=0))
    features: Float[Tensor, "rows hidden"] = torch.empty(ends[-1], classifier.head.shape.hidden_size)
    logits: Float[Tensor, "rows classes"] = torch.empty(ends[-1], classifier.head.shape.num_labels)
    for batch in budget.batches([len(row["input_ids"]) for row in encodings]):
        hidden, answers = classifier.forward(classifier.collate([encodings[index] for index in batch]))
        rows = [row for index in batch for row in range(ends[index], ends[index + 1])]
        features[rows], logits[rows] = hidden.float().cpu(), answers.float().cpu()
        if on_progress is not None:
            on_progress(len(batch))
    return {"features": features, "logits": logits}
