"""SWAG on the classification head: a Gaussian through the weights that SGD passes at a constant learning rate.

Maddox et al. 2019, "A Simple Baseline for Bayesian Uncertainty in Deep Learning", arXiv 1902.02476, algorithm 1.
"""

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy, nll_loss
from torch.nn.utils import parameters_to_vector

from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.research.methods.method import FitRows, Scorer, ScoreRows
from adue.scores.samples import sampled_answer_probability

EPOCHS = 20
"""One snapshot of the weights after each; all of them make the low-rank part."""
HEADS = 30
"""Heads drawn from the Gaussian."""
LEARNING_RATES = (1e-3, 1e-2, 1e-1)
"""The constant rates tried; the one whose averaged heads explain the selection rows best is taken."""
MOMENTUM = 0.9
WEIGHT_DECAY = 1e-4
BATCH = 256
SCORED_AT_ONCE = 1024


def fit_swag(rows: FitRows) -> Scorer:
    """Return what scores rows by heads drawn around the classifier's own; u = 1 - mean p of its own answer.

    Raises
    ------
    DataError
        When the rows have no labels, or the weights diverge at every learning rate.
    """
    heads = draw_heads(rows)

    def score(given: ScoreRows) -> Tensor:
        batches = zip(
            given.rows.features.split(SCORED_AT_ONCE), given.rows.predictions.split(SCORED_AT_ONCE), strict=True
        )
        return torch.cat([sampled_answer_probability(heads.logits(features), answers) for features, answers in batches])

    return score


def draw_heads(rows: FitRows) -> "DrawnHeads":
    """Return heads drawn at the learning rate whose average explains the selection rows best.

    Raises
    ------
    DataError
        When the rows have no labels, or the weights diverge at every learning rate.
    """
    if rows.train.labels is None or rows.selection.labels is None:
        raise DataError("SWAG on the head needs labelled training and selection rows; add a label column")
    drawn = [DrawnHeads.fit(rows.classifier_head, rows.train, rate, rows.seed) for rate in LEARNING_RATES]
    losses = torch.tensor([heads.loss(rows.selection) for heads in drawn]).nan_to_num(nan=torch.inf)
    if not bool(losses.isfinite().any()):
        raise DataError("SWAG on the head diverged at every learning rate; look for extreme features")
    return drawn[int(losses.argmin())]


@dataclass(frozen=True)
class DrawnHeads:
    """Heads drawn from the Gaussian of SWAG, as stacked weights by name."""

    template: AdueHead
    weights: dict[str, Tensor]

    @classmethod
    def fit(cls, head: AdueHead, train: FeatureSet, learning_rate: float, seed: int) -> "DrawnHeads":
        """Return HEADS heads around the mean of what SGD passes from `head` on."""
        generator = torch.Generator().manual_seed(seed)
        snapshots = torch.stack(list(_trajectory(head, train, learning_rate, generator)))
        return cls(head, _by_name(head, draw(snapshots, HEADS, generator)))

    @torch.no_grad()
    def logits(self, features: Float[Tensor, "rows hidden"]) -> Float[Tensor, "heads rows classes"]:
        """Return the logits of every head."""
        weights = {f"head.{name}": stacked for name, stacked in self.weights.items()}
        result: Tensor = functional_call(_Logits(self.template), weights, (features,))
        return result

    def loss(self, rows: FeatureSet) -> float:
        """Return the negative log-likelihood per row of the averaged heads, in nats."""
        assert rows.labels is not None  # noqa: S101 - draw_heads has looked
        probabilities = torch.cat(
            [self.logits(part).softmax(dim=-1).mean(dim=0) for part in rows.features.split(SCORED_AT_ONCE)]
        )
        return float(nll_loss(probabilities.clamp(min=torch.finfo(probabilities.dtype).tiny).log(), rows.labels))


def draw(
    snapshots: Float[Tensor, "epochs weights"], heads: int, generator: torch.Generator
) -> Float[Tensor, "heads weights"]:
    """Return draws of ``N(mean, diagonal / 2 + D D^T / (2 (K - 1)))``, D the deviations from the running mean."""
    epochs = len(snapshots)
    mean, scale = snapshots.mean(dim=0), snapshots.std(dim=0, correction=0)
    running = snapshots.cumsum(dim=0) / torch.arange(1, epochs + 1).unsqueeze(-1)
    deviations = snapshots - running
    own = torch.randn(heads, snapshots.shape[-1], generator=generator) * scale
    shared = torch.randn(heads, epochs, generator=generator) @ deviations / math.sqrt(epochs - 1)
    return mean + (own + shared) / math.sqrt(2)


class _Logits(nn.Module):
    """A head read as a classifier: features in, logits out."""

    def __init__(self, head: AdueHead) -> None:
        super().__init__()
        self.head = head

    def forward(self, features: Tensor) -> Tensor:
        return self.head.logits(features)


def _trajectory(
    head: AdueHead, train: FeatureSet, learning_rate: float, generator: torch.Generator
) -> Iterator[Tensor]:
    """Yield all weights as one vector after every epoch of SGD at a constant rate."""
    assert train.labels is not None  # noqa: S101 - draw_heads has looked
    moving = deepcopy(head).requires_grad_()
    optimizer = torch.optim.SGD(moving.parameters(), lr=learning_rate, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(train), generator=generator).split(BATCH):
            loss = cross_entropy(moving.logits(train.features[rows]), train.labels[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        yield parameters_to_vector(moving.parameters()).detach().clone()


def _by_name(head: AdueHead, vectors: Float[Tensor, "heads weights"]) -> dict[str, Tensor]:
    sizes = [parameter.numel() for parameter in head.parameters()]
    parts = zip(head.named_parameters(), vectors.split(sizes, dim=-1), strict=True)
    return {name: part.reshape(len(vectors), *parameter.shape) for (name, parameter), part in parts}
