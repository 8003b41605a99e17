"""Base model, adapter and both heads as one module: tokens in; logits, probabilities and U out."""

from collections.abc import Mapping
from copy import deepcopy

import torch
from jaxtyping import Float
from torch import Tensor, nn

from adue.heads.correction import CorrectedResponse
from adue.heads.estimator import FittedHead
from adue.heads.head import AdueHead
from adue.models.features.classifier import FrozenClassifier
from adue.models.onnx.graph import LOGITS, ClassifierGraph

OUTPUTS = (LOGITS, "probabilities", "uncertainty")


class ClassifierWithHead(nn.Module):
    """A classifier and the head that gives U.

    Parameters
    ----------
    classifier
        Gives logits and h(x).
    head
        What was fitted to it.
    """

    def __init__(self, classifier: ClassifierGraph, head: AdueHead | CorrectedResponse) -> None:
        super().__init__()
        self.classifier, self.head = classifier, head
        self.eval()

    @classmethod
    def of(cls, classifier: FrozenClassifier, fitted: FittedHead) -> "ClassifierWithHead":
        """Return the module of a classifier and its head, both copied.

        Raises
        ------
        ModelError
            When the adapter is of a kind that cannot be merged, or another one has been made active.
        """
        return cls(ClassifierGraph.of(classifier), deepcopy(fitted.head).cpu())

    @torch.no_grad()
    def forward(
        self, inputs: Mapping[str, Tensor]
    ) -> tuple[
        Float[Tensor, "rows classes"],
        Float[Tensor, "rows classes"],
        Float[Tensor, " rows"],
        Float[Tensor, "rows hidden"],
    ]:
        """Return logits, probabilities, U and h(x) of one padded batch."""
        logits, features = self.classifier(inputs)
        given = (features, logits) if isinstance(self.head, CorrectedResponse) else (features,)
        return logits, logits.softmax(dim=-1), self.head(*given), features
