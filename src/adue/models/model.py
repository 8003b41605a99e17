"""AdueModel: a frozen classifier with an uncertainty head; its labels and probabilities stay what they were."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from peft import TaskType
from torch import Tensor

from adue.foundation.texts import Text
from adue.foundation.types import AdueOutput, Predictions
from adue.models.base import BaseAdueModel
from adue.models.features.batches import BATCH_SIZE


class AdueModel(BaseAdueModel):
    """A text classifier that is only read, and the uncertainty head fitted to it.

    Parameters
    ----------
    model
        A sequence classification model, or a PEFT model around one. Nothing of it is ever changed.
    tokenizer
        Its tokenizer, with a padding token.
    head
        Path of the last linear layer, for an architecture whose head cannot be found.
    max_length
        Tokens of a text that are read at once; by default what model and tokenizer allow.
    backend
        What computes the forward pass: ``torch``, or ``onnx`` for ONNX Runtime, on the processor in float32.

    Examples
    --------
    >>> model = AdueModel.from_pretrained("path/to/adapter")  # doctest: +SKIP
    >>> model.fit(train, validation).save_pretrained("path/to/adapter")  # doctest: +SKIP
    >>> model.predict(["a film to remember"]).uncertainty  # doctest: +SKIP
    """

    task = TaskType.SEQ_CLS

    @torch.no_grad()
    def __call__(self, **inputs: Tensor) -> AdueOutput:
        """Return logits and U for tokenized `inputs` (input_ids, attention_mask), from one forward pass.

        A row is read as it is: of a long text in windows it is one window.
        """
        features, logits = self.classifier.forward(inputs)
        return AdueOutput(logits, self._head().uncertainty(features, logits))

    def predict(self, texts: Sequence[Text], *, batch_size: int = BATCH_SIZE) -> Predictions:
        """Return labels, probabilities and U of `texts`, in their order.

        Parameters
        ----------
        texts
            Strings; for a model of pairs tuples of two, such as ``("a man sleeps", "somebody is awake")``.

        Raises
        ------
        ArtifactError
            When no head has been fitted.
        DataError
            When rows are pairs of texts and the head was fitted on single ones, or the other way round.
        """
        return self._predict(texts, batch_size)

    def predict_proba(
        self, texts: Sequence[Text], *, batch_size: int = BATCH_SIZE
    ) -> Float[np.ndarray, "rows classes"]:
        """Return the classifier's own probabilities."""
        return self.extract(texts, batch_size=batch_size).logits.softmax(dim=-1).numpy()

    def predict_uncertainty(self, texts: Sequence[Text], *, batch_size: int = BATCH_SIZE) -> Float[np.ndarray, " rows"]:
        """Return U in [0, 1] of `texts`; higher means more likely wrong."""
        return self.predict(texts, batch_size=batch_size).uncertainty
