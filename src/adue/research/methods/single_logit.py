"""One linear layer to a single logit, trained as the heads are: the ablation without a classifier's head in it."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from adue.foundation.config import FitSettings, Grid
from adue.heads.losses import error_bce, l2_sp, softmax_regularisation
from adue.heads.sweep import balanced_rows, one_cycle
from adue.metrics import auroc
from adue.research.methods.method import FitRows
from adue.research.methods.selection import require_learnable
from adue.scores.outputs import softmax_response


@dataclass(frozen=True)
class SingleLogit:
    """``U = sigmoid(w h + b)``; with a first dimension of `weight` it is a whole stack."""

    weight: Float[Tensor, "*heads hidden"]
    bias: Float[Tensor, "*heads 1"]

    def __call__(self, features: Float[Tensor, "rows hidden"]) -> Float[Tensor, "*heads rows"]:
        """Return U in [0, 1] per row; higher means more likely wrong."""
        logits = self.weight @ features.T + self.bias
        return logits.sigmoid()


def fit_single_logit(rows: FitRows, grid: Grid, settings: FitSettings) -> SingleLogit:
    """Return the layer with the best AUROC on the selection rows, over all points of `grid` and all epochs.

    Loss, batches, schedule and patience are those of `adue.heads.sweep.fit_heads`. All points start from the same
    random weights, drawn as torch.nn.Linear draws them, and L2-SP pulls towards these.

    Raises
    ------
    DataError
        When the training or the selection rows are all right or all wrong.
    """
    require_learnable(rows)
    generator = torch.Generator().manual_seed(settings.seed)
    start = _random_start(rows.train.features.shape[-1], generator)
    groups = [_copies(start, len(grid.alpha) * len(grid.beta)) for _ in grid.learning_rate]
    optimizer = torch.optim.Adam(
        [{"params": group, "lr": rate} for group, rate in zip(groups, grid.learning_rate, strict=True)]
    )
    schedule = one_cycle(optimizer, grid.learning_rate, settings, len(rows.train))
    loss = _Loss(rows, start, torch.tensor([p.alpha for p in grid.points]), torch.tensor([p.beta for p in grid.points]))
    best = _Best(rows, len(grid.points), settings.patience)
    for epoch in range(1, settings.max_epochs + 1):
        for batch in balanced_rows(rows.train.errors, generator).split(settings.batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss(_joined(groups), batch).sum().backward()
            optimizer.step()
            schedule.step()
        if best.update(epoch, _joined(groups)):
            break
    return best.layer


@dataclass(frozen=True)
class _Loss:
    rows: FitRows
    start: SingleLogit
    alpha: Float[Tensor, " heads"]
    beta: Float[Tensor, " heads"]

    def __call__(self, stack: SingleLogit, batch: Tensor) -> Float[Tensor, " heads"]:
        train = self.rows.train.select(batch)
        u = stack(train.features)
        pull = softmax_regularisation(u, softmax_response(train.logits).float())
        distance = l2_sp([stack.weight, stack.bias], [self.start.weight, self.start.bias], stack_dims=1)
        return error_bce(u, train.errors) + self.alpha * pull + self.beta * distance


class _Best:
    """Each layer's best epoch; one that has not improved for `patience` epochs has stopped."""

    def __init__(self, rows: FitRows, heads: int, patience: int) -> None:
        self.selection, self.patience = rows.selection, patience
        self.auroc, self.epoch = np.full(heads, -np.inf), np.zeros(heads, dtype=int)
        hidden = rows.selection.features.shape[-1]
        self.stack = SingleLogit(torch.zeros(heads, hidden), torch.zeros(heads, 1))

    @torch.no_grad()
    def update(self, epoch: int, stack: SingleLogit) -> bool:
        """Take note of one epoch; True when every layer has stopped."""
        errors = self.selection.errors.numpy()
        u = stack(self.selection.features).double().numpy()
        now = auroc(u, errors)
        better: Bool[np.ndarray, " heads"] = (now > self.auroc) & (epoch - self.epoch <= self.patience)
        self.auroc[better], self.epoch[better] = now[better], epoch
        chosen = torch.from_numpy(better)
        self.stack.weight[chosen], self.stack.bias[chosen] = stack.weight[chosen], stack.bias[chosen]
        return bool((epoch - self.epoch >= self.patience).all())

    @property
    def layer(self) -> SingleLogit:
        index = int(np.argmax(self.auroc))
        return SingleLogit(self.stack.weight[index], self.stack.bias[index])


def _random_start(hidden: int, generator: torch.Generator) -> SingleLogit:
    bound = hidden**-0.5
    weight, bias = torch.empty(hidden), torch.empty(1)
    return SingleLogit(
        weight.uniform_(-bound, bound, generator=generator), bias.uniform_(-bound, bound, generator=generator)
    )


def _copies(start: SingleLogit, heads: int) -> list[Tensor]:
    return [part.expand(heads, *part.shape).clone().requires_grad_() for part in (start.weight, start.bias)]


def _joined(groups: list[list[Tensor]]) -> SingleLogit:
    return SingleLogit(*(torch.cat(parts) for parts in zip(*groups, strict=True)))
