"""A copy of the classification head that learns to rank: every error above every right answer of its batch."""

from collections.abc import Iterator
from itertools import islice
from math import ceil

import torch
from torch import Tensor

from adue.foundation.config import AutoSettings
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.heads.losses import l2_sp, pairwise_ranking
from adue.scores.outputs import error_log_odds


@torch.inference_mode(mode=False)
@torch.enable_grad()
def fit_ranking_head(rows: FeatureSet, classifier_head: AdueHead, settings: AutoSettings) -> AdueHead:
    """Return a copy of `classifier_head` trained on `rows`; an untrained one where all of them are right, or all wrong.

    What is ranked are the log odds of an error that the copy's own logits give: they have a gradient at any confidence,
    where the paper's SmoothMax has none.

    Parameters
    ----------
    classifier_head
        The classifier's own head: the copy starts there, and L2-SP pulls it back where ``head_beta`` is not zero. It is
        not changed.
    """
    ranking_head = AdueHead.from_weights(classifier_head.shape, classifier_head.state_dict(), "log_smoothmax")
    start = [weight.detach().clone() for weight in ranking_head.parameters()]
    optimizer = torch.optim.Adam(ranking_head.parameters(), lr=settings.head_learning_rate)
    for batch in islice(_batches(len(rows), settings), settings.head_steps):
        errors = rows.errors[batch]
        if errors.all() or not errors.any():
            continue
        loss = pairwise_ranking(error_log_odds(ranking_head.logits(rows.features[batch])), errors)
        if settings.head_beta:
            loss = loss + settings.head_beta * l2_sp(ranking_head.parameters(), start)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return ranking_head.requires_grad_(requires_grad=False).eval()


def ranking_epochs(rows: int, settings: AutoSettings) -> int:
    """Return how often the ranking head sees the rows, given their number; the last time perhaps not all of them."""
    steps_per_epoch = max(1, ceil(rows / settings.head_batch_size))
    return min(settings.head_epochs, ceil(settings.head_steps / steps_per_epoch))


def _batches(rows: int, settings: AutoSettings) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(settings.seed)
    for _ in range(settings.head_epochs):
        yield from torch.randperm(rows, generator=generator).split(settings.head_batch_size)
