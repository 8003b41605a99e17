"""Feature sets whose errors can be predicted from the features, for the tests of the tensor wings."""

import torch

from adue.foundation.config import Activation, HeadShape
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead


def random_head(hidden: int = 6, classes: int = 3, activation: Activation | None = None, seed: int = 0) -> AdueHead:
    """Return a head with normally distributed weights."""
    generator = torch.Generator().manual_seed(seed)
    head = AdueHead(HeadShape(hidden_size=hidden, num_labels=classes, activation=activation))
    weights = {name: torch.randn(w.shape, generator=generator) for name, w in head.state_dict().items()}
    return AdueHead.from_weights(head.shape, weights)


def rows_of(head: AdueHead, rows: int = 200, wrong: float = 0.3, seed: int = 0) -> FeatureSet:
    """Return rows whose logits are those of `head`; errors follow the first feature, which a head can learn.

    The share of wrong rows is `wrong`, and the errors have nothing to do with how confident the classifier is,
    except by chance.
    """
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(rows, head.shape.hidden_size, generator=generator)
    with torch.no_grad():
        logits = head.logits(features)
    hints = features[:, 0] + 0.5 * torch.randn(rows, generator=generator)
    errors = hints >= hints.quantile(1 - wrong)
    answers = logits.argmax(dim=-1)
    labels = torch.where(errors, (answers + 1) % head.shape.num_labels, answers)
    return FeatureSet(features, logits, labels)
