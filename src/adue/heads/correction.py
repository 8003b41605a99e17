"""The score ``auto``: the softmax response, corrected by what held-out rows show, and only near the training rows.

Source: this project. docs/method.md, "The score auto", gives the reasons, docs/results.md what it gains and loses.
"""

from math import log
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize

from adue.foundation.config import AutoSettings
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.fading import FLOOR, FadingRegression, fit_weakest, learners
from adue.heads.head import AdueHead
from adue.heads.ranking import fit_ranking_head
from adue.metrics import require_both
from adue.scores.outputs import entropy, error_log_odds

NEIGHBOUR = 2
"""The distance is that to this neighbour among the reference rows (Sun et al. 2022, arXiv 2204.06507)."""

INPUTS = 4
"""Softmax response, entropy as a share of log C, distance and ranking head: log odds, for the distance a logarithm."""

DISTANCE = 2
"""Which of the inputs the distance is."""


class CorrectedResponse(nn.Module):
    """A calibrated probability of error, from features and logits.

    With z the softmax response as log odds of an error, b(z) its Platt scaling, m a logistic regression on z, the
    entropy, the distance to the training rows and the log odds that a ranking head gives, c the weight of the predicted
    class in the same regression, and v and w in [0, 1], both falling with that distance,

        U = sigmoid(b(z) + v (m - b(z)) + w c).

    Far from the training rows v = w = 0, and U ranks as the softmax response does. So it does everywhere when
    the held-out rows show no gain (:func:`adue.heads.fading.fit_weakest`). Computed in float64.

    Parameters
    ----------
    ranking_head
        A copy of the classifier's head that ranks errors (:func:`adue.heads.ranking.fit_ranking_head`).
    references
        Number of training rows kept to measure distances to.
    """

    reference: Float[Tensor, "references hidden"]

    def __init__(self, ranking_head: AdueHead, references: int) -> None:
        super().__init__()
        self.shape = ranking_head.shape
        # "head" is the name that its tensors have in saved files.
        self.add_module("head", ranking_head)
        self.register_buffer("reference", torch.zeros(references, self.shape.hidden_size))
        for name, size in FadingRegression.sizes(INPUTS, self.shape.num_labels).items():
            self.register_buffer(name, torch.zeros(size, dtype=torch.float64))

    @classmethod
    def fit(
        cls,
        train: FeatureSet,
        held_out: FeatureSet,
        classifier_head: AdueHead,
        settings: AutoSettings | None = None,
        *,
        ranking_head: AdueHead | None = None,
    ) -> "CorrectedResponse":
        """Return the correction that held-out rows show.

        Parameters
        ----------
        train
            Labelled rows the classifier was trained on: the ranking head learns from them, and distances are measured
            to some of them, drawn by seed.
        held_out
            Labelled rows the classifier was not trained on.
        classifier_head
            The classifier's own head; it is not changed.
        ranking_head
            One that was trained on `train` already.

        Raises
        ------
        DataError
            When no held-out prediction is wrong, or all are, there are fewer than two training rows, or rows do not fit
            the head.
        """
        settings = settings or AutoSettings()
        classifier_head.require_rows(train, "training")
        classifier_head.require_rows(held_out, "validation")
        require_both(held_out.errors.numpy(), "validation")
        if len(train) < NEIGHBOUR:
            raise DataError(f"distances need at least {NEIGHBOUR} training rows, got {len(train)}; give more rows")
        chosen = torch.randperm(len(train), generator=torch.Generator().manual_seed(settings.seed))
        chosen = chosen[: settings.reference_rows]
        fitted = cls(ranking_head or fit_ranking_head(train, classifier_head, settings), len(chosen))
        fitted.reference.copy_(normalize(train.features[chosen].double(), dim=-1))
        inputs = fitted._inputs(held_out.features, held_out.logits)
        rows = inputs, inputs[:, DISTANCE], held_out.predictions, held_out.errors
        regression = fit_weakest(
            learners(settings, classifier_head.shape.num_labels),
            rows,
            required_gain=settings.required_gain,
            seed=settings.seed,
        )
        for name, values in regression._asdict().items():
            fitted.get_buffer(name).copy_(values)
        return fitted.eval()

    @property
    def ranking_head(self) -> AdueHead:
        """The copy of the classifier's head that ranks errors."""
        return cast("AdueHead", self.get_submodule("head"))

    @property
    def ranks_as_softmax_response(self) -> bool:
        """Whether nothing is corrected anywhere: U is the calibrated softmax response."""
        return not self._regression.corrects

    @torch.no_grad()
    def forward(
        self, features: Float[Tensor, "rows hidden"], logits: Float[Tensor, "rows classes"]
    ) -> Float[Tensor, " rows"]:
        """Return U in [0, 1] per row, the probability that the classifier's answer is wrong; float64."""
        inputs = self._inputs(features, logits)
        return self._regression.log_odds(inputs, inputs[:, DISTANCE], logits.argmax(dim=-1)).sigmoid()

    @property
    def _regression(self) -> FadingRegression:
        return FadingRegression(*map(self.get_buffer, FadingRegression._fields))

    def _inputs(self, features: Tensor, logits: Tensor) -> Float[Tensor, "rows inputs"]:
        spread = entropy(logits) / log(self.shape.num_labels)
        kind = torch.finfo(spread.dtype)
        spread_log_odds = torch.logit(spread.clamp(kind.tiny, 1 - kind.eps))
        squared = 2 - 2 * normalize(features.double(), dim=-1) @ self.reference.double().T
        nearest = squared.topk(NEIGHBOUR, dim=-1, largest=False).values[:, -1].clamp_min(0).sqrt()
        ranked = error_log_odds(self.ranking_head.logits(features.float()))
        # FLOOR: a text that stands in the training data has a logarithm too.
        return torch.stack([error_log_odds(logits), spread_log_odds, (nearest + FLOOR).log(), ranked], dim=-1)
