"""What ``adue_answers.json`` holds: answers of classifier and head as they were when the head was fitted."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from adue.foundation.config.frozen import FrozenConfig, SavedConfig
from adue.foundation.config.saved_head_config import Digest

ANSWERS_VERSION = 1
"""Version of the file ``adue_answers.json``."""


class Setup(FrozenConfig):
    """What else an answer depends on: the versions of the libraries, and how the classifier was loaded."""

    versions: dict[str, str]
    """By the name of the package."""
    dtype: str
    merged: bool
    backend: str
    device: str
    """Its kind, such as ``cpu`` or ``cuda``."""
    attention: str | None = None
    """The implementation of attention that transformers chose."""
    adapter: dict[str, Any] = Field(default_factory=dict)
    """What ``adapter_config.json`` says about how strongly the adapter acts, which lies in no tensor."""

    def changes(self, now: Self) -> list[str]:
        """Return what is another `now`, for a person to read."""
        plain = set(type(self).model_fields) - {"versions", "adapter"}
        before, after = ({name: getattr(one, name) for name in sorted(plain)} for one in (self, now))
        return [*_differ(self.versions, now.versions), *self.adapter_changes(now), *_differ(before, after)]

    def adapter_changes(self, now: Self) -> list[str]:
        """Return what ``adapter_config.json`` says otherwise `now`; a key that only one of two versions has is none."""
        return _differ(self.adapter, {name: now.adapter.get(name, value) for name, value in self.adapter.items()})


def _differ(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} {then.get(name)} to {now.get(name)}" for name in {**then, **now} if then.get(name) != now.get(name)
    ]


class Answers(FrozenConfig):
    """Logits and U of a few rows.

    ``logits`` has a row per row and a column per class; ``uncertainty`` is U in [0, 1], one per row. As float32 both
    are exactly what was computed.
    """

    logits: tuple[tuple[float, ...], ...] = Field(min_length=1)
    uncertainty: tuple[float, ...]

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        if len(self.uncertainty) != len(self.logits) or len({len(row) for row in self.logits}) != 1:
            raise ValueError("logits and uncertainty must have one row per row, each with all classes")
        return self


class ProbeAnswers(FrozenConfig):
    """Fixed token ids that are no text, and the answers to them."""

    token_ids: tuple[tuple[int, ...], ...] = Field(min_length=2)
    together: Answers
    """All sequences but the last, in one batch and so with padding."""
    alone: Answers
    """The last sequence, by itself."""


class TextAnswers(FrozenConfig):
    """The answers to one text: one row, or one per word where every word has an answer."""

    digest: Digest
    """Of the text; see :func:`adue.models.verification.texts.text_digest`."""
    tokens: int = Field(gt=0)
    """How many were read."""
    answers: Answers


class SavedAnswers(SavedConfig):
    """Answers that every later load can be compared with."""

    cure: ClassVar[str] = "copy all files of the head again, or fit the head again with adue fit"

    format_version: int = ANSWERS_VERSION
    head_sha256: Digest
    """Of the head that gave U; it is also the key of the texts' digests."""
    setup: Setup
    probe: ProbeAnswers | None = None
    """None where the classifier's answers to it were not finite."""
    texts: tuple[TextAnswers, ...] = ()
    """Held-out rows; none where the head was fitted on features without texts."""

    def to_bytes(self) -> bytes:
        """Return the content of the file."""
        return json.dumps(self.to_dict(), separators=(",", ":")).encode() + b"\n"

    @property
    def sha256(self) -> str:
        """Of the content of the file, as 64 hexadecimal digits."""
        return hashlib.sha256(self.to_bytes()).hexdigest()
