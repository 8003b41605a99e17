"""A frozen classifier whose forward pass ONNX Runtime computes, and the choice between that and PyTorch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor

from adue.foundation.errors import DataError, ModelError
from adue.models.features.classifier import FrozenClassifier
from adue.models.onnx.cached import graph_fingerprint, open_graph
from adue.models.onnx.graph import FEATURES, LOGITS

Backend = Literal["torch", "onnx"]
"""What computes the forward pass."""

BATCH_TOKENS = 512
"""Whose hidden layers a core's cache holds: ONNX Runtime loses on larger batches what it gains elsewhere."""


@dataclass(frozen=True)
class OnnxClassifier(FrozenClassifier):
    """A classifier that ONNX Runtime runs on the processor, in float32 and with the adapter merged.

    The PyTorch model stays beside the graph, for what is more than a forward pass: saving it, dropout, posteriors.

    Attributes
    ----------
    session
        ONNX Runtime's session of the graph.
    graph
        The graph's fingerprint, and that of all features that come out of it.
    """

    backend: ClassVar[str] = "onnx"
    session: Any = field(kw_only=True)
    graph: str = field(kw_only=True)

    @classmethod
    def of(cls, classifier: FrozenClassifier) -> Self:
        """Return `classifier` with its graph from adue's cache folder, where it is written the first time.

        Raises
        ------
        MissingExtraError
            When the packages of the extra ``onnx`` are not installed.
        ModelError
            When the classifier is not in float32 on the processor, or its architecture or adapter cannot be exported.
        ArtifactError
            When the cache folder cannot be written.
        """
        require_runnable(classifier.device, classifier.dtype)
        same = {one.name: getattr(classifier, one.name) for one in fields(FrozenClassifier)}
        return cls(**same, session=open_graph(classifier), graph=graph_fingerprint(classifier))

    @property
    def batch_tokens(self) -> int:
        """How many tokens, padding included, a forward pass should read at most."""
        return BATCH_TOKENS

    @cached_property
    def fingerprint(self) -> str:
        """The graph's: what it computes is not what PyTorch does to the last digit, and never lies among that."""
        return self.graph

    def _run(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Return h(x) and the logits."""
        read = [given.name for given in self.session.get_inputs()]
        if set(batch) != set(read):
            raise DataError(
                f"the graph reads {', '.join(read)}, and was given {', '.join(batch)}; give what the tokenizer "
                "gives, or use the backend torch"
            )
        given = {name: batch[name].to(torch.int64).numpy() for name in read}
        features, logits = self.session.run([FEATURES, LOGITS], given)
        return torch.from_numpy(features), torch.from_numpy(logits)


def require_runnable(device: str | torch.device, dtype: torch.dtype) -> None:
    """Refuse a model that ONNX Runtime would compute elsewhere, or in another type.

    Raises
    ------
    ModelError
        When it is not on the processor, or not in float32.
    """
    if torch.device(device).type != "cpu":
        raise ModelError(
            f"ONNX Runtime runs on the processor here, not on {device}; leave --device out, or use --backend torch"
        )
    if dtype != torch.float32:
        raise ModelError(
            f"ONNX Runtime computes in float32 here, not in {str(dtype).removeprefix('torch.')}; leave --dtype out, or "
            "use --backend torch"
        )


BACKENDS: dict[Backend, Callable[[FrozenClassifier], FrozenClassifier]] = {
    "torch": lambda classifier: classifier,
    "onnx": OnnxClassifier.of,
}


def run_by(backend: Backend, classifier: FrozenClassifier) -> FrozenClassifier:
    """Return `classifier` with its forward pass computed by `backend`.

    Raises
    ------
    ModelError
        When there is no such backend, or it cannot run this classifier.
    MissingExtraError
        When it is not installed.
    """
    if backend not in BACKENDS:
        raise ModelError(f"there is no backend '{backend}'; use {' or '.join(BACKENDS)}")
    return BACKENDS[backend](classifier)
