"""The 27-point grid as one stacked tensor, against one head after the other with a DataLoader.

Both ways see the same drawn batches, so that their validation AUROCs can be held against each other.
"""

from functools import partial

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset

from adue.config import FitSettings, Grid, HeadShape, HyperParameters
from adue.head import AdueHead, smoothmax_uncertainty, softmax_response
from adue.sweep import fit_heads
from adue.types import FeatureSet
from measure import Run, arguments, compare, report, timed

HIDDEN, CLASSES = 384, 2
TOLERANCE = 1e-4
"""How far validation AUROCs of the two ways may lie apart."""
POINTS = Grid().points


def make_rows(rows: int, seed: int) -> tuple[AdueHead, FeatureSet]:
    """Return a head, and rows of which about one in eight is an error; errors depend on the features."""
    generator = torch.Generator().manual_seed(7)
    weight = torch.randn(CLASSES, HIDDEN, generator=generator) / 8
    hard = torch.randn(HIDDEN, generator=generator)
    shape = HeadShape(hidden_size=HIDDEN, num_labels=CLASSES)
    head = AdueHead.from_weights(shape, {"out_weight": weight, "out_bias": torch.zeros(CLASSES)})
    generator.manual_seed(seed)
    features = torch.randn(rows, HIDDEN, generator=generator)
    with torch.no_grad():
        logits = head.logits(features)
    doubt = softmax_response(logits) + 0.1 * torch.tanh(features @ hard / HIDDEN**0.5)
    wrong = torch.rand(rows, generator=generator) < (0.4 * doubt).clamp(0, 1)
    labels = torch.where(wrong, 1 - logits.argmax(-1), logits.argmax(-1))
    return head, FeatureSet(features, logits, labels)


def fit_stacked(rows: int, settings: FitSettings) -> Run:
    """Return our run; its answer is every point's validation AUROC."""
    (head, train), (_, validation) = make_rows(rows, 1), make_rows(rows // 5, 2)
    return timed(lambda: list(fit_heads(train, validation, head, POINTS, settings).validation_auroc))


def fit_one_by_one(rows: int, settings: FitSettings) -> Run:
    """Return the ordinary run with the same answer."""
    (head, train), (_, validation) = make_rows(rows, 1), make_rows(rows // 5, 2)
    return timed(lambda: [_fit_one(head, train, validation, point, settings) for point in POINTS])


def _fit_one(
    head: AdueHead, train: FeatureSet, validation: FeatureSet, point: HyperParameters, settings: FitSettings
) -> float:
    layer = torch.nn.Linear(HIDDEN, CLASSES)
    layer.load_state_dict({"weight": head.out_weight.detach(), "bias": head.state_dict()["out_bias"]})
    start = [parameter.detach().clone() for parameter in layer.parameters()]
    rows = TensorDataset(train.features, train.errors.float(), softmax_response(train.logits))
    optimizer = torch.optim.Adam(layer.parameters(), lr=point.learning_rate)
    steps = -(-len(train) // settings.batch_size)
    schedule = OneCycleLR(
        optimizer,
        point.learning_rate,
        total_steps=settings.max_epochs * steps,
        pct_start=settings.warmup_fraction,
        cycle_momentum=False,
    )
    generator = torch.Generator().manual_seed(settings.seed)
    best, since = -1.0, 0
    for _ in range(settings.max_epochs):
        for features, errors, anchor in DataLoader(rows, batch_sampler=_drawn(train.errors, settings, generator)):
            u = smoothmax_uncertainty(layer(features), settings.sharpness)
            loss = torch.nn.functional.binary_cross_entropy(u, errors)
            loss = loss + point.alpha * (u - anchor).square().mean()
            moved = zip(layer.parameters(), start, strict=True)
            loss = loss + point.beta * torch.stack([(now - then).square().sum() for now, then in moved]).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        with torch.no_grad():
            u = smoothmax_uncertainty(layer(validation.features), settings.sharpness)
        value = float(roc_auc_score(validation.errors.numpy(), u.double().numpy()))
        best, since = (value, 0) if value > best else (best, since + 1)
        if since >= settings.patience:
            break
    return best


def _drawn(errors: Tensor, settings: FitSettings, generator: torch.Generator) -> list[list[int]]:
    share = errors.double().mean()
    weights = torch.where(errors, 1 / share, 1 / (1 - share))
    drawn = torch.multinomial(weights, len(errors), replacement=True, generator=generator)
    return [batch.tolist() for batch in drawn.split(settings.batch_size)]


def main() -> None:
    """Run the benchmark."""
    options = arguments(__doc__)
    rows, repeats = (8000, 3) if options.full else (2000, 2)
    settings = FitSettings(max_epochs=50 if options.full else 10)
    ours, ordinary = compare(partial(fit_stacked, rows, settings), partial(fit_one_by_one, rows, settings), repeats)
    fast, plain = np.array(ours[0].answer), np.array(ordinary[0].answer)
    agree = bool(np.abs(fast - plain).max() < TOLERANCE and fast.argmax() == plain.argmax())
    report(
        "sweep",
        ours,
        ordinary,
        agree=agree,
        target=options.json,
        rows=rows,
        hidden=HIDDEN,
        points=len(POINTS),
        largest_auroc_gap=float(np.abs(fast - plain).max()),
        same_winner=bool(fast.argmax() == plain.argmax()),
    )


if __name__ == "__main__":
    main()
