"""Serving an exported folder: texts in, predictions with U out, by ONNX Runtime and without a PyTorch model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from adue.errors import ArtifactError
from adue.export.extra import optional
from adue.export.graph import OUTPUTS
from adue.export.manifest import GRAPH_FILE, Manifest
from adue.features.shards import Encoding, like_length
from adue.types import Predictions


class OnnxAdueModel:
    """A classifier with its uncertainty head, as :func:`adue.export.export_onnx` wrote them.

    Parameters
    ----------
    session
        ONNX Runtime's session of the graph.
    tokenizer
        The classifier's tokenizer.
    manifest
        Names of the classes, length of a text, and where the graph came from.

    Examples
    --------
    >>> model = OnnxAdueModel.from_pretrained("path/to/export")  # doctest: +SKIP
    >>> model.predict(["a film to remember"]).uncertainty  # doctest: +SKIP
    """

    def __init__(self, session: Any, tokenizer: PreTrainedTokenizerBase, manifest: Manifest) -> None:
        self.session, self.tokenizer, self.manifest = session, tokenizer, manifest

    @classmethod
    def from_pretrained(cls, folder: str | Path, *, providers: Sequence[str] = ("CPUExecutionProvider",)) -> Self:
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
        manifest = Manifest.load(folder)
        session = open_session(folder / GRAPH_FILE, providers)
        return cls(session, AutoTokenizer.from_pretrained(folder), manifest)

    @property
    def id2label(self) -> dict[int, str]:
        """Names of the classes."""
        return self.manifest.id2label

    def predict(self, texts: Sequence[str], *, batch_size: int = 32) -> Predictions:
        """Return labels, probabilities and U of `texts`, in their order."""
        encodings = self._tokenize(texts) if len(texts) else []
        names = OUTPUTS[1:]
        probabilities = np.empty((len(texts), len(self.id2label)), dtype=np.float32)
        uncertainty = np.empty(len(texts), dtype=np.float64 if self.manifest.score == "auto" else np.float32)
        for chosen in (rows.numpy() for rows in like_length(encodings, batch_size) if len(rows)):
            batch = self.tokenizer.pad([encodings[row] for row in chosen], padding_side="right", return_tensors="np")
            inputs = {name: values.astype(np.int64) for name, values in batch.items()}
            probabilities[chosen], uncertainty[chosen] = self.session.run(names, inputs)
        labels = probabilities.argmax(axis=-1)
        return Predictions(labels, [self.id2label[int(label)] for label in labels], probabilities, uncertainty)

    def _tokenize(self, texts: Sequence[str]) -> list[Encoding]:
        """Return one unpadded encoding per text, as the classifier's own tokenize does."""
        whole = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        encoded = self.tokenizer(whole, truncation=True, max_length=self.manifest.max_length)
        names = [given.name for given in self.session.get_inputs()]
        rows = [{name: encoded[name][row] for name in names} for row in range(len(texts))]
        return [row if row["input_ids"] else self._stand_in(names) for row in rows]

    def _stand_in(self, names: Sequence[str]) -> Encoding:
        """Return what the classifier reads an empty text as where the tokenizer adds no token of its own."""
        tokens = (self.tokenizer.eos_token_id, self.tokenizer.unk_token_id, 0, 1)
        token = next(token for token in tokens if token not in {None, self.tokenizer.pad_token_id})
        return {name: [{"input_ids": int(token), "attention_mask": 1}.get(name, 0)] for name in names}


def open_session(path: Path, providers: Sequence[str] = ("CPUExecutionProvider",)) -> Any:
    """Return ONNX Runtime's session of the graph at `path`.

    Raises
    ------
    MissingExtraError
        When ONNX Runtime is not installed.
    ArtifactError
        When the file is missing or damaged.
    """
    runtime = optional("onnxruntime")
    state = runtime.capi.onnxruntime_pybind11_state
    try:
        return runtime.InferenceSession(path, providers=list(providers))
    except (state.Fail, state.InvalidGraph, state.InvalidProtobuf, state.NoSuchFile) as error:
        raise ArtifactError(f"{path} is missing or damaged ({error}); export the adapter again") from error
