"""A copy of the classification head that learns to rank: every error above every right answer of its batch."""

import torch

from adue.config import AutoSettings
from adue.head import AdueHead
from adue.losses import l2_sp, pairwise_ranking
from adue.scores.outputs import error_log_odds
from adue.types import FeatureSet


def fit_ranking_head(rows: FeatureSet, original: AdueHead, settings: AutoSettings) -> AdueHead:
    """Return a copy of `original` trained on `rows`; an untrained one where all of them are right, or all wrong.

    What is ranked are the log odds of an error that the copy's own logits give: they have a gradient at any confidence,
    where the paper's SmoothMax has none.

    Parameters
    ----------
    original
        The classifier's own head: the copy starts there and L2-SP pulls it back. It is not changed.
    """
    head = AdueHead.from_weights(original.shape, original.state_dict(), "log_smoothmax")
    start = [weight.detach().clone() for weight in head.parameters()]
    optimizer = torch.optim.Adam(head.parameters(), lr=settings.head_learning_rate)
    generator = torch.Generator().manual_seed(settings.seed)
    for _ in range(settings.head_epochs):
        for batch in torch.randperm(len(rows), generator=generator).split(settings.head_batch_size):
            errors = rows.errors[batch]
            if errors.all() or not errors.any():
                continue
            ranking = pairwise_ranking(error_log_odds(head.logits(rows.features[batch])), errors)
            loss = ranking + settings.head_beta * l2_sp(head.parameters(), start)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
    return head.requires_grad_(requires_grad=False).eval()
