"""Texts to token ids, portion by portion: while one portion is in use, the next is made in a thread."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from adue.models.features.classifier import FrozenClassifier
from adue.models.pretrained.tokens import Encoding


def encode_portions(classifier: FrozenClassifier, texts: Iterable[Any], size: int) -> Iterator[list[Encoding]]:
    """Yield the encodings of `size` texts after `size` texts, the last of fewer; of two portions in memory at most.

    Fast tokenizers let go of Python's lock, so that the model runs meanwhile. The texts themselves are read in the
    caller's thread.
    """
    parts = portions(texts, size)
    first = next(parts, None)
    if first is None:
        return
    # A single portion has nothing to run beside, and needs no thread.
    current = classifier.tokenize(first)
    with ThreadPoolExecutor(1, thread_name_prefix="adue-tokenize") as pool:
        for part in parts:
            following = pool.submit(classifier.tokenize, part)
            yield current
            current = following.result()
        yield current


def portions(texts: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield `size` texts after `size` texts: slices of a sequence, so that a column on disk is read as it is needed."""
    if isinstance(texts, Sequence):
        for start in range(0, len(texts), size):
            yield list(texts[start : start + size])
        return
    rest = iter(texts)
    while part := list(islice(rest, size)):
        yield part
