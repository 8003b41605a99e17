"""``adue_onnx.json`` beside the graph: what whoever serves it has to know."""

import json
from pathlib import Path
from typing import Literal, Self

from pydantic import Field

from adue.config import FrozenConfig, ScoreName
from adue.errors import ArtifactError, DataError

FORMAT_VERSION = 1
GRAPH_FILE = "model.onnx"
MANIFEST_FILE = "adue_onnx.json"

Precision = Literal["float32", "int8"]
"""Of the base model's weights; the heads are always in full precision."""


class Manifest(FrozenConfig):
    """Everything beside graph and tokenizer that serving needs, and where the graph came from."""

    format_version: int = FORMAT_VERSION
    adue_version: str
    id2label: dict[int, str]
    max_length: int = Field(gt=0)
    score: ScoreName
    precision: Precision
    base_model: str
    adapter_sha256: str

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the manifest in `folder`.

        Raises
        ------
        ArtifactError
            When there is none, it is damaged, or a newer adue wrote it.
        """
        path = folder / MANIFEST_FILE
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            version = values["format_version"]
            if version > FORMAT_VERSION:
                raise ArtifactError(
                    f"{path} has format version {version}, this adue reads up to {FORMAT_VERSION}; "
                    "upgrade with pip install --upgrade adue"
                )
            return cls.from_dict(values)
        except (OSError, ValueError, KeyError, TypeError, DataError) as error:
            raise ArtifactError(f"cannot read {path} ({error}); export the adapter again with adue export") from error
