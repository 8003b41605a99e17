"""An exported graph as one that answers, to be compared with what was stored when its head was fitted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from adue.foundation.config import Setup
from adue.foundation.texts import Text
from adue.models.export.graph import UNCERTAINTY
from adue.models.export.manifest import Manifest
from adue.models.features.windows import deciding_windows
from adue.models.onnx.graph import LOGITS
from adue.models.pretrained.tokens import Encoding, Inputs, encode
from adue.models.verification.answerer import Answered, library_versions


@dataclass(frozen=True)
class GraphAnswerer:
    """ONNX Runtime's session of an exported graph, its tokenizer and its manifest."""

    session: Any
    tokenizer: PreTrainedTokenizerBase
    manifest: Manifest

    @property
    def setup(self) -> Setup:
        """Under what it answers."""
        manifest = self.manifest
        device = "cpu" if self.session.get_providers()[0] == "CPUExecutionProvider" else "other"
        dtype = "int8" if manifest.precision == "int8" else manifest.dtype
        return Setup(versions=library_versions(), dtype=dtype, merged=True, backend="onnx", device=device)

    def rows_of(self, text: Any) -> int:  # noqa: ARG002 - as every answerer
        """Return how many rows one text gives."""
        return 1

    def count_tokens(self, texts: Sequence[Text]) -> list[int]:
        """Return how many tokens of each text are read."""
        return [encoding.tokens for encoding in self._encode(texts)]

    def answer(self, texts: Sequence[Text]) -> Answered:
        """Return the answers to all of `texts`."""
        parts = []
        for encoding in self._encode(texts):
            windows = self._run(encoding.windows)
            chosen = deciding_windows(windows.logits, [len(encoding.windows)])
            parts.append(Answered(windows.logits[chosen], windows.uncertainty[chosen]))
        return Answered(*(torch.cat(values) for values in zip(*parts, strict=True)))

    def answer_ids(self, token_ids: Sequence[Sequence[int]]) -> Answered:
        """Return the answers to sequences of token ids, read as they are and in one batch."""
        return self._run([_encode_ids(self.session, ids) for ids in token_ids])

    def _encode(self, texts: Sequence[Text]) -> list[Encoding]:
        manifest = self.manifest
        return encode(self.tokenizer, texts, manifest.max_length, manifest.reading, stride=manifest.stride)

    def _run(self, windows: Sequence[Inputs]) -> Answered:
        batch = self.tokenizer.pad(list(windows), padding_side="right", return_tensors="np")
        inputs = {given.name: batch[given.name].astype(np.int64) for given in self.session.get_inputs()}
        logits, uncertainty = self.session.run([LOGITS, UNCERTAINTY], inputs)
        return Answered(torch.from_numpy(logits).float(), torch.from_numpy(uncertainty).float())


def _encode_ids(session: Any, token_ids: Sequence[int]) -> Inputs:
    known = {"input_ids": list(token_ids), "attention_mask": [1] * len(token_ids)}
    return {one.name: known.get(one.name, [0] * len(token_ids)) for one in session.get_inputs()}
