"""The identity of labelled rows, from any file."""

import hashlib
from typing import TYPE_CHECKING

from adue.datasets.pairs import texts_of

if TYPE_CHECKING:
    from datasets import Dataset


def fingerprint(dataset: "Dataset") -> str:
    """Return the SHA-256 (64 hex digits) of the texts (or pairs of texts) and labels of `dataset` in their order.

    The file format, other columns and split names do not count; a changed text, label or order does.
    """
    texts = texts_of(dataset)[:]
    digest = hashlib.sha256(b"pairs " if texts and not isinstance(texts[0], str) else b"")
    for row, label in zip(texts, dataset["label"][:], strict=True):
        encoded = [text.encode("utf-8") for text in ([row] if isinstance(row, str) else row)]
        # The lengths in front keep ("ab", "c") and ("a", "bc") apart.
        digest.update(" ".join(map(str, [label, *map(len, encoded), ""])).encode())
        digest.update(b"".join(encoded))
    return digest.hexdigest()
