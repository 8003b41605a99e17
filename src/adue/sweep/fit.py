"""Training: every head of a grid at once, as one stacked tensor, on the same drawn batches.

METHOD, "Training, as in the paper's experiments". The learning rate follows the one-cycle rule; Adam's betas stay
fixed. All heads of a sweep see the same batches, so their results differ by their hyperparameters alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.func import functional_call
from torch.optim.lr_scheduler import OneCycleLR

from adue.config import FitSettings, HyperParameters
from adue.errors import DataError
from adue.head import AdueHead, softmax_response
from adue.losses import error_bce, l2_sp, softmax_regularisation
from adue.metrics import auroc, require_both
from adue.types import FeatureSet

Weights = dict[str, Tensor]
"""A head's parameters by name; with a first dimension of heads where a whole group is meant."""


@dataclass(frozen=True)
class SweepResult:
    """What came out of every grid point; `weights` are those of each head's best epoch, heads first."""

    points: tuple[HyperParameters, ...]
    validation_auroc: Float[np.ndarray, " heads"]
    epochs: tuple[int, ...]
    """The epoch that was best, counted from 1."""
    weights: Weights
    template: AdueHead

    @property
    def best(self) -> int:
        """Index of the grid point with the best validation AUROC, the first one of equals."""
        return int(np.argmax(self.validation_auroc))

    def head(self, index: int) -> AdueHead:
        """Return the trained head of one grid point."""
        chosen = {name: stacked[index] for name, stacked in self.weights.items()}
        return AdueHead.from_weights(self.template.shape, chosen, self.template.score, self.template.sharpness)


def fit_heads(
    train: FeatureSet,
    validation: FeatureSet,
    original: AdueHead,
    points: Sequence[HyperParameters],
    settings: FitSettings,
    *,
    on_epoch: Callable[[int], None] | None = None,
) -> SweepResult:
    """Train one copy of `original` per point on `train`, and keep each one's best epoch by AUROC on `validation`.

    Parameters
    ----------
    original
        The classifier's own head; it is not changed.
    on_epoch
        Called after every epoch with its number.

    Raises
    ------
    DataError
        When either set has no errors or only errors, so that no AUROC exists, or does not fit the head; when every
        head diverges.
    """
    _require_fit(train, "training", original)
    _require_fit(validation, "validation", original)
    require_both(train.errors.numpy(), "training")
    require_both(validation.errors.numpy(), "validation")
    template = AdueHead.from_weights(original.shape, original.state_dict(), settings.score, settings.sharpness)
    groups = _groups(template, points)
    optimizer = torch.optim.Adam([{"params": list(group.weights.values()), "lr": group.rate} for group in groups])
    schedule = one_cycle(optimizer, [group.rate for group in groups], settings, len(train))
    tracker = _BestEpochs(template, len(points), settings.patience)
    anchor = softmax_response(train.logits)
    errors = train.errors.float()
    generator = torch.Generator().manual_seed(settings.seed)
    for epoch in range(1, settings.max_epochs + 1):
        for rows in balanced_batches(train.errors, settings.batch_size, generator):
            loss = torch.stack(
                [group.loss(template, train.features[rows], errors[rows], anchor[rows]).sum() for group in groups]
            ).sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
        finished = tracker.update(epoch, groups, template, validation)
        if on_epoch is not None:
            on_epoch(epoch)
        if finished:
            break
    if not np.isfinite(tracker.auroc).any():
        raise DataError(
            f"none of {len(points)} heads could be trained: every U became NaN; use smaller learning rates, or look "
            "for extreme features"
        )
    return SweepResult(tuple(points), tracker.auroc, tuple(int(e) for e in tracker.epoch), tracker.weights, template)


def _require_fit(rows: FeatureSet, where: str, head: AdueHead) -> None:
    given = (rows.features.shape[-1], rows.num_labels)
    wanted = (head.shape.hidden_size, head.shape.num_labels)
    if given != wanted:
        raise DataError(
            f"the {where} rows have {given[0]} features and {given[1]} classes, the head has {wanted[0]} and "
            f"{wanted[1]}; extract the rows with the classifier whose head this is"
        )


@dataclass(frozen=True)
class _Group:
    """The heads that share a learning rate: one parameter group of the optimiser."""

    rate: float
    members: list[int]
    weights: Weights
    alpha: Float[Tensor, " heads"]
    beta: Float[Tensor, " heads"]

    def uncertainty(self, template: AdueHead, features: Tensor) -> Float[Tensor, "heads rows"]:
        result: Tensor = functional_call(template, self.weights, (features,))
        return result

    def loss(self, template: AdueHead, features: Tensor, errors: Tensor, anchor: Tensor) -> Float[Tensor, " heads"]:
        u = self.uncertainty(template, features)
        distance = l2_sp(self.weights.values(), template.state_dict().values(), stack_dims=1)
        return error_bce(u, errors) + self.alpha * softmax_regularisation(u, anchor) + self.beta * distance


class _BestEpochs:
    """Each head's best epoch so far, and which heads have stopped."""

    def __init__(self, template: AdueHead, heads: int, patience: int) -> None:
        self.patience = patience
        self.auroc = np.full(heads, -np.inf)
        self.epoch = np.zeros(heads, dtype=int)
        self.stopped = np.zeros(heads, dtype=bool)
        self.weights = {n: w.expand(heads, *w.shape).clone() for n, w in template.state_dict().items()}

    def update(self, epoch: int, groups: Sequence[_Group], template: AdueHead, validation: FeatureSet) -> bool:
        """Take note of one epoch; True when every head has stopped."""
        errors = validation.errors.numpy()
        for group in groups:
            members = np.array(group.members)
            with torch.no_grad():
                u = group.uncertainty(template, validation.features).double().numpy()
            now = auroc(u, np.broadcast_to(errors, u.shape))
            better = (now > self.auroc[members]) & ~self.stopped[members]
            self._keep(members[better], now[better], epoch, group, better)
        self.stopped |= epoch - self.epoch >= self.patience
        return bool(self.stopped.all())

    def _keep(
        self, heads: np.ndarray, values: np.ndarray, epoch: int, group: _Group, better: Bool[np.ndarray, " heads"]
    ) -> None:
        self.auroc[heads], self.epoch[heads] = values, epoch
        for name, stacked in group.weights.items():
            self.weights[name][torch.from_numpy(heads)] = stacked.detach()[torch.from_numpy(better)]


def _groups(template: AdueHead, points: Sequence[HyperParameters]) -> list[_Group]:
    by_rate: defaultdict[float, list[int]] = defaultdict(list)
    for index, point in enumerate(points):
        by_rate[point.learning_rate].append(index)
    return [
        _Group(
            rate,
            members,
            _stacked(template.state_dict(), len(members)),
            torch.tensor([points[member].alpha for member in members]),
            torch.tensor([points[member].beta for member in members]),
        )
        for rate, members in by_rate.items()
    ]


def _stacked(weights: Mapping[str, Tensor], heads: int) -> Weights:
    return {name: w.detach().expand(heads, *w.shape).clone().requires_grad_() for name, w in weights.items()}


def one_cycle(optimizer: torch.optim.Optimizer, rates: Sequence[float], settings: FitSettings, rows: int) -> OneCycleLR:
    """Return the schedule under which each parameter group rises to its rate and falls again, over all epochs."""
    total_steps = settings.max_epochs * -(-rows // settings.batch_size)
    # OneCycleLR divides by zero for a warm-up of one step.
    warmup = settings.warmup_fraction if settings.warmup_fraction * total_steps > 1 else 0.0
    return OneCycleLR(optimizer, list(rates), total_steps=total_steps, pct_start=warmup, cycle_momentum=False)


def balanced_batches(errors: Bool[Tensor, " rows"], batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield one epoch of row numbers, drawn with replacement so that errors and correct rows weigh the same."""
    share_of_errors = errors.double().mean()
    weights = torch.where(errors, 1 / share_of_errors, 1 / (1 - share_of_errors))
    yield from torch.multinomial(weights, len(errors), replacement=True, generator=generator).split(batch_size)
