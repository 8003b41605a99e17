"""Extraction: every row once through the frozen classifier, in shards on disk so that a stopped run goes on."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from adue.features.classifier import FrozenClassifier
from adue.features.shards import SHARD_ROWS, Encoding, Progress, like_length, read_shard, rows_key, write_shard
from adue.types import FeatureSet

NAMES = {"features", "logits"}
"""What a shard of an extraction holds."""


def extract(
    classifier: FrozenClassifier,
    texts: Sequence[Any],
    labels: Sequence[int] | None = None,
    *,
    batch_size: int = 32,
    cache: Path | None = None,
    on_progress: Progress | None = None,
) -> FeatureSet:
    """Return features and logits of `texts` in float32, in their order.

    Parameters
    ----------
    texts
        What the classifier tokenizes: strings, or sentences as lists of words for one that answers per word, whose
        rows are then the words of all sentences.
    cache
        Folder for finished shards of SHARD_ROWS rows. A second run over the same texts with the same model reads
        them back, and a stopped run continues after the last whole shard.

    Raises
    ------
    DataError
        When a feature or logit is not finite, or a label is out of range.
    """
    folder = None if cache is None else cache / classifier.fingerprint
    shards = []
    for start in range(0, len(texts), SHARD_ROWS):
        rows = classifier.tokenize(texts[start : start + SHARD_ROWS])
        path = None if folder is None else folder / f"{rows_key(rows)}.safetensors"
        shard = None if path is None else read_shard(path, sum(map(classifier.rows_in, rows)), NAMES)
        if shard is None:
            shard = _run(classifier, rows, batch_size, on_progress)
            if path is not None:
                write_shard(path, shard)
        elif on_progress is not None:
            on_progress(len(rows))
        shards.append(shard)
    if not shards:
        shape = classifier.head.shape
        shards = [{"features": torch.empty(0, shape.hidden_size), "logits": torch.empty(0, shape.num_labels)}]
    return FeatureSet(
        torch.cat([shard["features"] for shard in shards]),
        torch.cat([shard["logits"] for shard in shards]),
        None if labels is None else torch.as_tensor(labels, dtype=torch.int64),
    )


def _run(
    classifier: FrozenClassifier, encodings: Sequence[Encoding], batch_size: int, on_progress: Progress | None
) -> dict[str, Tensor]:
    ends = list(accumulate(map(classifier.rows_in, encodings), initial=0))
    features: Float[Tensor, "rows hidden"] = torch.empty(ends[-1], classifier.head.shape.hidden_size)
    logits: Float[Tensor, "rows classes"] = torch.empty(ends[-1], classifier.head.shape.num_labels)
    for batch in map(Tensor.tolist, like_length(encodings, batch_size)):
        hidden, answers = classifier.forward(classifier.collate([encodings[index] for index in batch]))
        rows = [row for index in batch for row in range(ends[index], ends[index + 1])]
        features[rows], logits[rows] = hidden.float().cpu(), answers.float().cpu()
        if on_progress is not None:
            on_progress(len(batch))
    return {"features": features, "logits": logits}
