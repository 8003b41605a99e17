"""A fitted uncertainty with everything that is known about it."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from adue.foundation.config import AdueConfig, SavedAnswers
from adue.foundation.errors import DataError
from adue.heads.kinds import UncertaintyHead
from adue.heads.sweep import SweepResult


@dataclass(frozen=True)
class FittedHead:
    """What turns features and logits into U, with everything that is known about it.

    Attributes
    ----------
    uncertainty_head
        The trained head, or for the score ``auto`` the correction of the softmax response.
    config
        What is saved beside it.
    sweep
        All grid points, where heads were trained in this process.
    answers
        Answers of classifier and head that later loads are compared with; None where none were kept.
    """

    uncertainty_head: UncertaintyHead
    config: AdueConfig
    sweep: SweepResult | None = None
    answers: SavedAnswers | None = None

    @torch.no_grad()
    def uncertainty(
        self, features: Float[Tensor, "rows hidden"], logits: Float[Tensor, "rows classes"]
    ) -> Float[Tensor, " rows"]:
        """Return U in [0, 1] per row; higher means more likely wrong.

        Parameters
        ----------
        features, logits
            What entered the classification head, and what left it.

        Raises
        ------
        DataError
            When the features have another width than the head, or the logits do not go with them.
        """
        shape = self.uncertainty_head.shape
        if features.shape[-1] != shape.hidden_size:
            raise DataError(
                f"the features have {features.shape[-1]} columns, the head was fitted on {shape.hidden_size}; "
                "extract them from the same model"
            )
        if logits.shape != (len(features), shape.num_labels):
            raise DataError(
                f"the logits have shape {tuple(logits.shape)}, expected {(len(features), shape.num_labels)}: "
                "a row for each row of features and a column per class"
            )
        device = next(iter(self.uncertainty_head.state_dict().values())).device
        u: Tensor = self.uncertainty_head(features.to(device).float(), logits.to(device))
        return u
