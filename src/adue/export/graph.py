"""Base model, adapter and both heads as one module: tokens in; logits, probabilities and U out."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from jaxtyping import Float
from peft import PeftModel
from torch import Tensor, nn

from adue.correction import CorrectedResponse
from adue.errors import ModelError
from adue.estimator import FittedHead
from adue.features.classifier import FrozenClassifier, classification_model
from adue.features.layouts import Layout, pad_token_id, pool_hidden
from adue.head import AdueHead

OUTPUTS = ("logits", "probabilities", "uncertainty")
FEATURES = "features"
"""What a graph calls h(x): what stands before it is the base model, what comes after it the heads."""


class ClassifierWithHead(nn.Module):
    """A float32 copy of a classifier, its adapter merged into its weights, and the head that gives U.

    Parameters
    ----------
    model
        A transformers model for sequence classification.
    layout
        Where its own head sits.
    head
        What was fitted to it.
    """

    def __init__(self, model: Any, layout: Layout, head: AdueHead | CorrectedResponse) -> None:
        super().__init__()
        self.model, self.head, self.layout = model, head, layout
        self.eval()

    @classmethod
    def of(cls, classifier: FrozenClassifier, fitted: FittedHead) -> "ClassifierWithHead":
        """Return the module of a classifier and its head, both copied.

        Raises
        ------
        ModelError
            When the adapter is of a kind that cannot be merged, or another one has been made active.
        """
        classifier.require_adapter()
        return cls(_merged(classifier.model).float().cpu(), classifier.layout, deepcopy(fitted.head).cpu())

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
        entered: list[Tensor] = []
        entry = self.model.get_submodule(self.layout.entry)
        handle = entry.register_forward_pre_hook(lambda _, given: entered.append(given[0]))
        try:
            logits = self.model(**inputs).logits
        finally:
            handle.remove()
        features = pool_hidden(entered[-1], self.layout.pool, inputs["input_ids"], pad_token_id(self.model.config))
        given = (features, logits) if isinstance(self.head, CorrectedResponse) else (features,)
        return logits, logits.softmax(dim=-1), self.head(*given), features


def _merged(model: nn.Module) -> Any:
    copied = deepcopy(model)
    if not isinstance(copied, PeftModel):
        return classification_model(copied)
    try:
        return copied.merge_and_unload()
    except (AttributeError, NotImplementedError, ValueError) as error:
        kind = copied.active_peft_config.peft_type.value
        raise ModelError(
            f"an adapter of the kind {kind} cannot be merged into its base model, which one graph asks for; "
            "train LoRA, DoRA or IA3 to export it"
        ) from error
