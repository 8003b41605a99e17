"""Base model and adapter as one module to be traced: tokens in; logits and h(x) out."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Self

import torch
from jaxtyping import Float
from peft import PeftModel
from torch import Tensor, nn

from adue.foundation.errors import ModelError
from adue.models.features.architectures import Layout, entering, pad_token_id, pool_hidden
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.inner import classification_model

GRAPH_FILE = "model.onnx"
LOGITS, FEATURES = "logits", "features"
"""What a graph calls the classifier's answers, and h(x)."""

INSTEAD = "let PyTorch run it: --backend torch, or adue predict in place of adue export"
"""What to do about a classifier that does not become a graph."""


class ClassifierGraph(nn.Module):
    """A float32 copy of a classifier on the processor, its adapter merged into its weights.

    Parameters
    ----------
    model
        A transformers model for sequence classification.
    layout
        Where its head sits.
    """

    def __init__(self, model: Any, layout: Layout) -> None:
        super().__init__()
        self.model, self.layout = model, layout
        self.eval()

    @classmethod
    def of(cls, classifier: FrozenClassifier) -> Self:
        """Return a copy of the model of `classifier`, which is left as it is.

        Raises
        ------
        ModelError
            When the adapter is of a kind that cannot be merged, or another one has been made active.
        """
        classifier.require_adapter()
        return cls(_merge(classifier.model).float().cpu(), classifier.layout)

    @torch.no_grad()
    def forward(
        self, inputs: Mapping[str, Tensor]
    ) -> tuple[Float[Tensor, "rows classes"], Float[Tensor, "rows hidden"]]:
        """Return logits and h(x) of one padded batch."""
        with entering(self.model.get_submodule(self.layout.entry)) as entered:
            logits = self.model(**inputs).logits
        return logits, pool_hidden(entered[-1], self.layout.pool, inputs["input_ids"], pad_token_id(self.model.config))


def _merge(model: nn.Module) -> Any:
    copied = deepcopy(model)
    if not isinstance(copied, PeftModel):
        return classification_model(copied)
    try:
        return copied.merge_and_unload()
    except (AttributeError, NotImplementedError, ValueError) as error:
        kind = copied.active_peft_config.peft_type.value
        raise ModelError(
            f"an adapter of the kind {kind} cannot be merged into its base model, which one graph asks for; "
            f"train LoRA, DoRA or IA3, or {INSTEAD}"
        ) from error
