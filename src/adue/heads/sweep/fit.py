"""One run over a grid: the heads of all points, seeds and scores learn side by side until the last one stops.

This is the training of AdUE's experiments (arXiv 2505.15443). The learning rate follows the one-cycle rule; Adam's
betas stay fixed. All heads of a seed see the same batches, so their results differ by their hyperparameters alone.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import numpy as np
import torch

from adue.foundation.config import FitSettings, HyperParameters
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.heads.sweep.batches import balanced_rows, fewer_right_rows
from adue.heads.sweep.result import BestEpochs, SweepResult
from adue.heads.sweep.schedule import one_cycle_shares, steps_per_epoch
from adue.heads.sweep.stack import Batch, HeadStack, Member
from adue.metrics import auroc, require_both
from adue.scores.outputs import softmax_response

_Fit: TypeAlias = Callable[[FeatureSet, FeatureSet, AdueHead], SweepResult]

FIRST_RUNG = 3
"""Epochs before successive halving first drops heads; each further rung is `halving_factor` times as late."""

JUDGED_ROWS = 1024
"""Validation rows that all heads judge at a time, so that memory does not grow with their number."""

WORTH_SHARING = 2**26
"""Multiplications of a forward pass from which a step is divided among threads: about a millisecond's work for one."""


def fit_heads(
    train: FeatureSet,
    validation: FeatureSet,
    classifier_head: AdueHead,
    points: Sequence[HyperParameters],
    settings: FitSettings,
    *,
    device: str | torch.device = "cpu",
    on_epoch: Callable[[int], None] | None = None,
) -> SweepResult:
    """Train a copy of `classifier_head` per point on `train`; keep each one's best epoch by AUROC on `validation`.

    Parameters
    ----------
    classifier_head
        The classifier's own head; it is not changed.
    points
        What differs from head to head; score, sharpness and seed are those of `settings` where a point leaves them out.
    device
        Where the heads learn; results lie on the CPU.
    on_epoch
        Called after every epoch with its number.

    Raises
    ------
    DataError
        When either set has no errors or only errors, so that no AUROC exists, or does not fit the head; when every
        head diverges.
    """
    classifier_head.require_rows(train, "training")
    classifier_head.require_rows(validation, "validation")
    require_both(train.errors.numpy(), "training")
    require_both(validation.errors.numpy(), "validation")
    if classifier_head.shape.activation is not None and not settings.train_dense:
        fit = partial(fit_heads, points=points, settings=settings, device=device, on_epoch=on_epoch)
        return _with_dense_frozen(train, validation, classifier_head, fit)
    if settings.right_per_error is not None:
        train = fewer_right_rows(train, settings.right_per_error, settings.seed)
    members = [_member(index, point, settings) for index, point in enumerate(points)]
    best = BestEpochs(classifier_head, len(points), settings.patience)
    # Gradients are in closed form; without autograd's bookkeeping a step of small operations is a tenth shorter.
    with torch.inference_mode():
        stack = HeadStack(members, classifier_head, torch.device(device))
        with _threads(stack, settings.batch_size):
            _run(train, validation, stack, best, settings, on_epoch=on_epoch)
    if not np.isfinite(best.auroc).any():
        raise DataError(
            f"none of {len(points)} heads could be trained: every U became NaN; use smaller learning rates or "
            "sharpness, or look for extreme features"
        )
    return SweepResult(tuple(points), best.auroc, tuple(map(int, best.epoch)), best.weights, classifier_head, settings)


def _member(index: int, point: HyperParameters, settings: FitSettings) -> Member:
    own = point.applied_to(settings)
    return Member(index, point.learning_rate, point.alpha, point.beta, own.sharpness, own.score, own.seed)


@contextmanager
def _threads(stack: HeadStack, batch_size: int) -> Iterator[None]:
    """Use one thread inside the block where a step is too small to be worth sharing.

    Threads wait for each other after every operation. On a machine that does anything else, this costs a grid of
    linear heads many times what sharing would gain.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1 if batch_size * stack.multiplications < WORTH_SHARING else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _run(
    train: FeatureSet,
    validation: FeatureSet,
    stack: HeadStack,
    best: BestEpochs,
    settings: FitSettings,
    *,
    on_epoch: Callable[[int], None] | None,
) -> None:
    rows = _Rows(train, sorted({member.seed for member in stack.members}), stack.device)
    judged = validation.features.to(stack.device, torch.float32).split(JUDGED_ROWS)
    errors = validation.errors.numpy()
    shares, steps = one_cycle_shares(settings, len(train)), steps_per_epoch(settings, len(train))
    rung = FIRST_RUNG
    for epoch in range(1, settings.max_epochs + 1):
        drawn = rows.epoch({member.seed for member in stack.members}, settings.batch_size)
        for step, batches in enumerate(drawn, start=(epoch - 1) * steps):
            stack.step(batches, shares[step])
        u = torch.cat([stack.uncertainty(part).cpu() for part in judged], dim=-1)
        going_on = best.update(epoch, stack, auroc(u.double().numpy(), errors))
        if settings.halving_factor is not None and epoch == rung:
            going_on &= best.leaders(stack, settings.halving_factor)
            rung *= settings.halving_factor
        if on_epoch is not None:
            with torch.inference_mode(mode=False):
                on_epoch(epoch)
        if not going_on.any():
            break
        if not going_on.all():
            stack.keep(going_on.tolist())


class _Rows:
    """The training rows where the heads learn, and the batches that every seed draws of them."""

    def __init__(self, train: FeatureSet, seeds: Sequence[int], device: torch.device) -> None:
        self._errors = train.errors
        self._features = train.features.to(device, torch.float32)
        self._targets = torch.stack([train.errors.float(), softmax_response(train.logits).float()]).to(device)
        # Drawn on the CPU, so that another device learns from the same rows.
        self._generators = {seed: torch.Generator().manual_seed(seed) for seed in seeds}

    def epoch(self, seeds: set[int], batch_size: int) -> Iterator[dict[int, Batch]]:
        """Yield the batches of one epoch, each by seed; seeds without a head left draw none."""
        drawn = [self._batches(seed, batch_size) for seed in sorted(seeds)]
        for step in zip(*drawn, strict=True):
            yield dict(zip(sorted(seeds), step, strict=True))

    def _batches(self, seed: int, batch_size: int) -> Iterator[Batch]:
        drawn = balanced_rows(self._errors, self._generators[seed]).to(self._features.device)
        targets = self._targets.index_select(1, drawn).split(1)
        # In the same memory every time: it stays in the processor's cache.
        features = self._features.new_empty(min(batch_size, len(drawn)), self._features.shape[-1])
        for places, *of_places in zip(*(part.split(batch_size, dim=-1) for part in (drawn, *targets)), strict=True):
            yield Batch(torch.index_select(self._features, 0, places, out=features[: len(places)]), *of_places)


def _with_dense_frozen(train: FeatureSet, validation: FeatureSet, classifier_head: AdueHead, fit: _Fit) -> SweepResult:
    """Return the result of `fit` for heads whose projection alone learns: linear heads on the last hidden layer."""
    projection = {name: weight for name, weight in classifier_head.state_dict().items() if name.startswith("out_")}
    linear = AdueHead.from_weights(classifier_head.shape.model_copy(update={"activation": None}), projection)
    with torch.no_grad():
        learned, judged = (
            FeatureSet(classifier_head.hidden(rows.features), rows.logits, rows.labels) for rows in (train, validation)
        )
    result = fit(learned, judged, linear)
    heads = len(result.points)
    weights = {n: result.weights.get(n, w.expand(heads, *w.shape)) for n, w in classifier_head.state_dict().items()}
    return replace(result, weights=weights, template=classifier_head)
