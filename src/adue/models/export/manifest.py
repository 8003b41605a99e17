"""``adue_onnx.json`` beside the graph: what whoever serves it has to know."""

from typing import ClassVar, Literal

from pydantic import Field

from adue.foundation.config import Reading, SavedConfig, ScoreName
from adue.models.folder.file_names import EXPORT_FILE

FORMAT_VERSION = 2
MANIFEST_FILE = EXPORT_FILE

Precision = Literal["float32", "int8"]
"""Of the base model's weights; the heads are always in full precision."""


class Manifest(SavedConfig):
    """Everything beside graph and tokenizer that serving needs, and where the graph came from."""

    cure: ClassVar[str] = "export the adapter again with adue export"

    format_version: int = FORMAT_VERSION
    adue_version: str
    id2label: dict[int, str]
    max_length: int = Field(gt=0)
    reading: Reading = Reading(pairs=False)
    """What is done to every text before it is read; the first format read single texts as they are."""
    stride: int | None = Field(default=None, ge=0)
    """Tokens that windows of a long text share; None where long texts are cut."""
    score: ScoreName
    precision: Precision
    dtype: str = "float32"
    """In which the classifier was loaded when it was exported: its weights are rounded to that."""
    base_model: str
    adapter_sha256: str
    answers_sha256: str | None = None
    """Of the file with the answers that were stored with the head, None where there is none."""
