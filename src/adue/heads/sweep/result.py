"""What a sweep leaves: each head at its best epoch, and which of them is the best."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float

from adue.foundation.config import FitSettings, HyperParameters
from adue.heads.head import AdueHead
from adue.heads.sweep.stack import HeadStack, Weights


@dataclass(frozen=True)
class SweepResult:
    """What came out of every grid point; `weights` are those of each head's best epoch, heads first."""

    points: tuple[HyperParameters, ...]
    validation_auroc: Float[np.ndarray, " heads"]
    epochs: tuple[int, ...]
    """The epoch that was best, counted from 1."""
    weights: Weights
    classifier_head: AdueHead
    settings: FitSettings

    @property
    def best(self) -> int:
        """Index of the grid point with the best validation AUROC, the first one of equals."""
        return int(np.argmax(self.validation_auroc))

    def head(self, index: int) -> AdueHead:
        """Return the trained head of one grid point."""
        chosen = {name: stacked[index] for name, stacked in self.weights.items()}
        settings = self.points[index].applied_to(self.settings)
        return AdueHead.from_weights(self.classifier_head.shape, chosen, settings.score, settings.sharpness)


class BestEpochs:
    """Each head's best epoch so far, and which heads have stopped."""

    def __init__(self, start: AdueHead, heads: int, patience: int) -> None:
        self.patience = patience
        self.auroc = np.full(heads, -np.inf)
        self.epoch = np.zeros(heads, dtype=int)
        self.weights = {n: w.detach().cpu().expand(heads, *w.shape).clone() for n, w in start.state_dict().items()}

    def update(self, epoch: int, stack: HeadStack, now: Float[np.ndarray, " running"]) -> Bool[np.ndarray, " running"]:
        """Record the running heads' AUROCs after one epoch, and return which of them go on."""
        members = np.array([member.index for member in stack.members])
        better = now > self.auroc[members]
        self.auroc[members[better]], self.epoch[members[better]] = now[better], epoch
        heads, places = torch.from_numpy(members[better]), torch.from_numpy(better.nonzero()[0])
        for name, weight in stack.weights(places.to(stack.device)).items():
            self.weights[name][heads] = weight.cpu()
        return np.asarray(epoch - self.epoch[members] < self.patience)

    def leaders(self, stack: HeadStack, factor: int) -> Bool[np.ndarray, " running"]:
        """Return which of the running heads are among the best of their seed: one in `factor`, at least one."""
        kept = np.zeros(len(stack.members), dtype=bool)
        seeds = np.array([member.seed for member in stack.members])
        values = np.array([self.auroc[member.index] for member in stack.members])
        for seed in np.unique(seeds):
            places = (seeds == seed).nonzero()[0]
            order = places[np.argsort(-values[places], kind="stable")]
            kept[order[: max(1, len(order) // factor)]] = True
        return kept
