"""Extraction: every row once through the frozen classifier, in shards on disk so that a stopped run goes on."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from adue.foundation.errors import ArtifactError, DataError
from adue.foundation.scaling.processes import Processes
from adue.foundation.types import FeatureSet, class_ids
from adue.models.features.batches import BATCH_SIZE, Budget
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.encoding import encode_portions
from adue.models.features.joining import join_shards
from adue.models.features.manifest import Manifest, ShardEntry, advance, finish, read_manifest
from adue.models.features.shards import SHARD_ROWS, Progress, read_shard, rows_key, shard_path, write_shard
from adue.models.features.windows import deciding_windows
from adue.models.pretrained.tokens import Encoding

NAMES = {"features", "logits"}
"""What a shard of an extraction holds."""

Compute = Callable[[Sequence[Encoding]], dict[str, Tensor]]
"""From the encodings of one part of the rows to its shard."""


def extract(
    classifier: FrozenClassifier,
    texts: Iterable[Any],
    labels: Sequence[int] | None = None,
    *,
    batch_size: int = BATCH_SIZE,
    batch_tokens: int | None = None,
    cache: Path | None = None,
    on_progress: Progress | None = None,
    group: Processes | None = None,
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
        classifier. Texts of like length go together, more of them when they are short.
    cache
        Folder for finished shards of SHARD_ROWS rows, and a manifest of which of them make up these rows. A second
        run over the same texts with the same model reads them back, and a stopped run continues after the last whole
        shard. What is large is then mapped from disk, so that memory does not grow with the number of rows.
    group
        Processes that all call this with the same texts and one cache that all of them see: each computes its share
        of the shards, waits for the others, and returns all rows.

    Raises
    ------
    DataError
        When a feature or logit is not finite, a label is out of range, or several processes have no cache.
    ArtifactError
        When the cache cannot be written, or does not hold what another process has written.
    """
    if isinstance(texts, str):
        raise DataError("expected texts, one after the other, and got one text; give a list of it")
    # Before the pass, so that labels of the wrong kind are not noticed after it.
    ids = None if labels is None else class_ids(labels[:])
    budget = Budget(batch_size, batch_tokens or classifier.batch_tokens)
    folder = None if cache is None else cache / classifier.fingerprint
    compute = partial(_compute, classifier, budget=budget, on_progress=on_progress)
    cut: list[bool] = []
    parts = _note_cuts(classifier, encode_portions(classifier, texts, SHARD_ROWS), cut)
    if group is not None and group.count > 1:
        shards = _share_shards(classifier, parts, compute, folder, group=group, on_progress=on_progress)
    else:
        shards = _shards(classifier, parts, compute, folder, on_progress)
    shape = classifier.head.shape
    whole = join_shards(shards, {"features": shape.hidden_size, "logits": shape.num_labels}, folder)
    return FeatureSet(**whole, labels=ids, truncated=torch.tensor(cut, dtype=torch.bool))


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
    return FeatureSet(**join_shards(chain([first], shards), widths, folder))


def _read_listed(folder: Path, shard: ShardEntry) -> dict[str, Tensor]:
    path = shard_path(folder, shard.key)
    found = read_shard(path, shard.rows, NAMES)
    if found is None:
        raise ArtifactError(f"{path} is missing or not what its manifest lists; extract these rows again")
    return found


def _shards(
    classifier: FrozenClassifier,
    parts: Iterable[Sequence[Encoding]],
    compute: Compute,
    folder: Path | None,
    on_progress: Progress | None,
) -> Iterator[dict[str, Tensor]]:
    """Yield features and logits of one part of the rows after the other, from `folder` where they lie there."""
    if folder is None:
        yield from map(compute, parts)
        return
    manifest = Manifest(model=classifier.fingerprint)
    for part in parts:
        entry = _entry(classifier, part)
        shard = _read_or_write(part, entry, compute, folder, on_progress)
        manifest = advance(folder, manifest, entry)
        yield shard
    finish(folder, manifest)


def _share_shards(
    classifier: FrozenClassifier,
    parts: Iterable[Sequence[Encoding]],
    compute: Compute,
    folder: Path | None,
    *,
    group: Processes,
    on_progress: Progress | None,
) -> Iterator[dict[str, Tensor]]:
    """Compute this process's shards, wait for the others, and yield all of them from the folder that all share."""
    if folder is None:
        raise DataError("several processes hand features to each other in the cache; leave --no-cache out")
    entries = []
    for number, part in enumerate(parts):
        entries.append(_entry(classifier, part))
        if group.owns(number):
            _read_or_write(part, entries[-1], compute, folder, on_progress)
        elif on_progress is not None:
            on_progress(len(part))
    group.wait()
    manifest = Manifest(model=classifier.fingerprint)
    for entry in entries:
        if group.is_main:
            manifest = advance(folder, manifest, entry)
        yield _read_listed(folder, entry)
    if group.is_main:
        finish(folder, manifest)


def _entry(classifier: FrozenClassifier, part: Sequence[Encoding]) -> ShardEntry:
    return ShardEntry(key=rows_key(part), rows=sum(map(classifier.rows_in, part)))


def _read_or_write(
    part: Sequence[Encoding], entry: ShardEntry, compute: Compute, folder: Path, on_progress: Progress | None
) -> dict[str, Tensor]:
    """Return a shard from `folder`, where it is written first if it is not there yet."""
    shard = read_shard(shard_path(folder, entry.key), entry.rows, NAMES)
    if shard is None:
        shard = compute(part)
        write_shard(shard_path(folder, entry.key), shard)
    elif on_progress is not None:
        on_progress(len(part))
    return shard


def _compute(
    classifier: FrozenClassifier, encodings: Sequence[Encoding], budget: Budget, on_progress: Progress | None
) -> dict[str, Tensor]:
    """Return features and logits of one part of the rows; of a text in windows those of the window that decides."""
    windows = [window for text in encodings for window in text.split()]
    # Progress counts texts, at the first window of each.
    begins = [number == 0 for text in encodings for number in range(len(text.windows))]
    ends = list(accumulate(map(classifier.rows_in, windows), initial=0))
    features: Float[Tensor, "rows hidden"] = torch.empty(ends[-1], classifier.head.shape.hidden_size)
    logits: Float[Tensor, "rows classes"] = torch.empty(ends[-1], classifier.head.shape.num_labels)
    for batch in budget.batches([len(window.inputs["input_ids"]) for window in windows]):
        hidden, answers = classifier.forward(classifier.collate([windows[index] for index in batch]))
        rows = [row for index in batch for row in range(ends[index], ends[index + 1])]
        features[rows], logits[rows] = hidden.float().cpu(), answers.float().cpu()
        if on_progress is not None:
            on_progress(sum(begins[index] for index in batch))
    if len(windows) > len(encodings):
        deciding = deciding_windows(logits, [len(text.windows) for text in encodings])
        features, logits = features[deciding], logits[deciding]
    return {"features": features, "logits": logits}


def _note_cuts(
    classifier: FrozenClassifier, parts: Iterable[list[Encoding]], cut: list[bool]
) -> Iterator[list[Encoding]]:
    """Yield `parts`, and write down on the way which rows are of a text that was cut."""
    for part in parts:
        cut += [text.cut for text in part for _ in range(classifier.rows_in(text))]
        yield part
