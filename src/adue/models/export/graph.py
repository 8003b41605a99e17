"""Base model, adapter and both heads as one module, from tokens to logits, probabilities and U."""

from collections.abc import Mapping
from copy import deepcopy

import torch
from jaxtyping import Float
from torch import Tensor, nn

from adue.heads.fitted import FittedHead
from adue.heads.kinds import UncertaintyHead
from adue.models.features.classifier import FrozenClassifier
from adue.models.onnx.graph import LOGITS, ClassifierGraph

UNCERTAINTY = "uncertainty"
OUTPUTS = (LOGITS, "probabilities", UNCERTAINTY)


class ClassifierWithHead(nn.Module):
    """A classifier and the head that gives U.

    Parameters
    ----------
    classifier
        Gives logits and h(x).
    uncertainty_head
        What was fitted to it.
    """

    def __init__(self, classifier: ClassifierGraph, uncertainty_head: UncertaintyHead) -> None:
        super().__init__()
        self.classifier, self.uncertainty_head = classifier, uncertainty_head
        self.eval()

    @classmethod
    def of(cls, classifier: FrozenClassifier, fitted: FittedHead) -> "ClassifierWithHead":
        """Return the module of a classifier and its head, both copied.

        Raises
        ------
        ModelError
            When the adapter is of a kind that cannot be merged, or another one has been made active.
        """
        return cls(ClassifierGraph.of(classifier), deepcopy(fitted.uncertainty_head).cpu())

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
        return logits, logits.softmax(dim=-1), self.uncertainty_head(features, logits), features
