"""Serving an exported folder: texts in, predictions with U out, by ONNX Runtime and without a PyTorch model."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from adue.foundation.config import Reading, SavedAnswers
from adue.foundation.texts import Text
from adue.foundation.types import Predictions
from adue.models.export.answerer import GraphAnswerer
from adue.models.export.graph import OUTPUTS
from adue.models.export.manifest import MANIFEST_FILE, Manifest
from adue.models.features.shards import like_length
from adue.models.features.windows import deciding_windows
from adue.models.folder.saved_head import read_answers
from adue.models.onnx.graph import GRAPH_FILE
from adue.models.onnx.session import PROCESSOR, open_session
from adue.models.pretrained.tokens import encode
from adue.models.verification.check import Verification, require_same_answers, require_texts, verify
from adue.models.verification.texts import find_texts

TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64}
"""What ONNX Runtime calls the types that U may have."""


class OnnxAdueModel:
    """A classifier with its uncertainty head, as :func:`adue.models.export.export_onnx` wrote them.

    Parameters
    ----------
    session
        ONNX Runtime's session of the graph.
    tokenizer
        The classifier's tokenizer.
    manifest
        Names of the classes, how texts are read, and where the graph came from.
    answers
        Those that were stored when the head was fitted; None where none were.

    Examples
    --------
    >>> model = OnnxAdueModel.from_pretrained("path/to/export")  # doctest: +SKIP
    >>> model.predict(["a film to remember"]).uncertainty  # doctest: +SKIP
    """

    def __init__(
        self,
        session: Any,
        tokenizer: PreTrainedTokenizerBase,
        manifest: Manifest,
        answers: SavedAnswers | None = None,
    ) -> None:
        self.session, self.tokenizer, self.manifest, self.answers = session, tokenizer, manifest, answers

    @classmethod
    def from_pretrained(
        cls, folder: str | Path, *, providers: Sequence[str] = PROCESSOR, check_answers: bool = True
    ) -> Self:
        """Return what is in a folder that ``adue export`` wrote.

        Parameters
        ----------
        providers
            Where ONNX Runtime computes, best first, for example ``("CUDAExecutionProvider", "CPUExecutionProvider")``.
        check_answers
            Whether to refuse a graph that does not answer as the classifier did when its head was fitted.

        Raises
        ------
        MissingExtraError
            When ONNX Runtime is not installed.
        ArtifactError
            When a file is missing or damaged, or the graph answers otherwise than the classifier did.
        """
        folder = Path(folder)
        manifest = Manifest.from_json(folder / MANIFEST_FILE)
        session = open_session(folder / GRAPH_FILE, providers)
        sha256 = manifest.answers_sha256
        answers = None if sha256 is None else read_answers(folder, sha256)
        model = cls(session, AutoTokenizer.from_pretrained(folder), manifest, answers)
        if check_answers:
            require_same_answers(model._answerer, answers)
        return model

    @property
    def id2label(self) -> dict[int, str]:
        """Names of the classes."""
        return self.manifest.id2label

    @property
    def reading(self) -> Reading:
        """What is done to every text before it is read."""
        return self.manifest.reading

    def predict(self, texts: Sequence[Text], *, batch_size: int = 32) -> Predictions:
        """Return labels, probabilities and U of `texts` (pairs of texts for a model of pairs), in their order.

        Raises
        ------
        DataError
            When rows are not of the kind that the model reads.
        """
        manifest = self.manifest
        encodings = encode(self.tokenizer, texts, manifest.max_length, manifest.reading, stride=manifest.stride)
        windows = [window for text in encodings for window in text.split()]
        logits = np.empty((len(windows), len(self.id2label)), dtype=np.float32)
        probabilities = np.empty_like(logits)
        uncertainty = np.empty(len(windows), dtype=TYPES[self.session.get_outputs()[-1].type])
        wanted = [given.name for given in self.session.get_inputs()]
        for chosen in (rows.numpy() for rows in like_length(windows, batch_size)):
            given = [windows[row].inputs for row in chosen]
            batch = self.tokenizer.pad(given, padding_side="right", return_tensors="np")
            inputs = {name: batch[name].astype(np.int64) for name in wanted}
            logits[chosen], probabilities[chosen], uncertainty[chosen] = self.session.run(OUTPUTS, inputs)
        if len(windows) > len(encodings):
            deciding = deciding_windows(torch.from_numpy(logits), [len(text.windows) for text in encodings])
            probabilities, uncertainty = probabilities[deciding], uncertainty[deciding]
        labels = probabilities.argmax(axis=-1)
        names = [self.id2label[int(label)] for label in labels]
        truncated = np.array([text.cut for text in encodings], dtype=bool)
        return Predictions(labels, names, probabilities, uncertainty, truncated)

    def verify(self, texts: Iterable[Any]) -> Verification:
        """Return how far answers lie from those stored when the head was fitted: see :meth:`adue.AdueModel.verify`.

        Raises
        ------
        ArtifactError
            When no answers are stored.
        """
        answers = require_texts(self.answers)
        return verify(self._answerer, answers, find_texts(texts, answers))

    @property
    def _answerer(self) -> GraphAnswerer:
        return GraphAnswerer(self.session, self.tokenizer, self.manifest)
