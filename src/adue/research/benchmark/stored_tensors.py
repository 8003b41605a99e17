"""What one adapter made of one set of rows, on disk: features, logits, labels, samples, and the seconds they took.

With them the methods are fitted and compared without any model in memory.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from adue.foundation.config import HeadShape
from adue.foundation.errors import ArtifactError
from adue.foundation.files import atomic_write
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead


def digest(*parts: object) -> str:
    """Return 16 hexadecimal digits that change with any of `parts`.

    >>> digest("a", 1) == digest("a", 1) != digest("a", 2)
    True
    """
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Store:
    """A folder of named safetensors files, each with a key that says what it was made from."""

    folder: Path

    def path(self, name: str) -> Path:
        """Return the file of that name; anything may be a name."""
        return self.folder / f"{quote(name, safe='')}.safetensors"

    def key(self, name: str) -> str | None:
        """Return the key that was written, None where there is no whole file."""
        return self._about(name).get("key")

    def about(self, name: str) -> dict[str, Any]:
        """Return the facts that were written beside the tensors."""
        facts: dict[str, Any] = json.loads(self._about(name).get("about", "{}"))
        return facts

    def write(self, name: str, tensors: Mapping[str, Tensor], key: str, **about: Any) -> None:
        """Write tensors, their key and JSON facts as a whole or not at all."""
        contents = save(
            {label: tensor.contiguous() for label, tensor in tensors.items()},
            metadata={"key": key, "about": json.dumps(about)},
        )
        with atomic_write(self.path(name)) as temporary:
            temporary.write_bytes(contents)

    def read(self, name: str) -> dict[str, Tensor]:
        """Return the tensors.

        Raises
        ------
        ArtifactError
            When there is no such file or it is damaged.
        """
        try:
            with safe_open(self.path(name), framework="pt") as file:
                return {label: file.get_tensor(label) for label in file.keys()}  # noqa: SIM118 - not a dict
        except (OSError, SafetensorError) as error:
            raise ArtifactError(f"{self.path(name)} cannot be read ({error}); delete it and run again") from error

    def _about(self, name: str) -> dict[str, str]:
        try:
            with safe_open(self.path(name), framework="pt") as file:
                return file.metadata() or {}
        except (OSError, SafetensorError):
            return {}


def write_features(store: Store, name: str, rows: FeatureSet, key: str, *, seconds: float) -> None:
    """Keep one set of rows; `seconds` is what its forward passes take."""
    tensors = {"features": rows.features, "logits": rows.logits}
    tensors |= {} if rows.labels is None else {"labels": rows.labels}
    store.write(name, tensors, key, seconds=seconds)


def read_features(store: Store, name: str) -> FeatureSet:
    """Return one set of rows."""
    tensors = store.read(name)
    return FeatureSet(tensors["features"], tensors["logits"], tensors.get("labels"))


def write_head(store: Store, head: AdueHead, key: str) -> None:
    """Keep the classifier's own head."""
    store.write("head", {name: w.detach() for name, w in head.state_dict().items()}, key, shape=head.shape.to_dict())


def read_head(store: Store) -> AdueHead:
    """Return the classifier's own head."""
    shape = HeadShape.from_dict(store.about("head")["shape"])
    return AdueHead.from_weights(shape, {name: torch.as_tensor(w) for name, w in store.read("head").items()})
