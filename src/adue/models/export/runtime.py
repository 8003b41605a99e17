"""Serving an exported folder: texts in, predictions with U out, by ONNX Runtime and without a PyTorch model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from adue.foundation.texts import Text
from adue.foundation.types import Predictions
from adue.models.export.graph import OUTPUTS
from adue.models.export.manifest import MANIFEST_FILE, Manifest
from adue.models.features.shards import like_length
from adue.models.features.windows import deciding_windows
from adue.models.onnx.graph import GRAPH_FILE
from adue.models.onnx.session import PROCESSOR, open_session
from adue.models.pretrained.tokens import encode

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

    Examples
    --------
    >>> model = OnnxAdueModel.from_pretrained("path/to/export")  # doctest: +SKIP
    >>> model.predict(["a film to remember"]).uncertainty  # doctest: +SKIP
    """

    def __init__(self, session: Any, tokenizer: PreTrainedTokenizerBase, manifest: Manifest) -> None:
        self.session, self.tokenizer, self.manifest = session, tokenizer, manifest

    @classmethod
    def from_pretrained(cls, folder: str | Path, *, providers: Sequence[str] = PROCESSOR) -> Self:
        """Return what is in a folder that ``adue export`` wrote.

        Parameters
        ----------
        providers
            Where ONNX Runtime computes, best first, for example ``("CUDAExecutionProvider", "CPUExecutionProvider")``.

        Raises
        ------
        MissingExtraError
            When ONNX Runtime is not installed.
        ArtifactError
            When a file is missing or damaged.
        """
        folder = Path(folder)
        manifest = Manifest.from_json(folder / MANIFEST_FILE)
        session = open_session(folder / GRAPH_FILE, providers)
        return cls(session, AutoTokenizer.from_pretrained(folder), manifest)

    @property
    def id2label(self) -> dict[int, str]:
        """Names of the classes."""
        return self.manifest.id2label

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
