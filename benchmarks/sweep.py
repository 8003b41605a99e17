"""The 27-point grid as one stack of heads, against one head after the other with a DataLoader.

Both ways see the same drawn batches of real features (movie reviews through MiniLM with the packaged adapter), so that
their validation AUROCs can be held against each other. With --full also: 1,000 points, five seeds against one, and the
two-layer head of two_layer.py.
"""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import concatenate_datasets
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, TensorDataset

from adue.datasets import load_splits
from adue.foundation.config import FitSettings, Grid, HeadShape, HyperParameters
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead, smoothmax_uncertainty
from adue.heads.sweep import fit_heads
from adue.models.model import AdueModel
from adue.scores.outputs import softmax_response
from adue.workflows.demo import copy_packaged_adapter
from measure import Run, alone, arguments, compare, report, timed
from two_layer import measure_two_layer

TOLERANCE = 1e-4
"""How far validation AUROCs of the two ways may lie apart."""
GRID = Grid()
THOUSAND = Grid(
    learning_rate=tuple(float(rate) for rate in np.geomspace(1e-5, 1e-3, 10)),
    alpha=tuple(float(alpha) for alpha in np.geomspace(0.01, 10, 10)),
    beta=tuple(float(beta) for beta in np.geomspace(0.01, 10, 10)),
)


def write_rows(path: Path, rows: int) -> None:
    """Write the features of `rows` reviews to learn from, those of the others to choose on, and the head."""
    with tempfile.TemporaryDirectory() as folder:
        copy_packaged_adapter(Path(folder))
        model = AdueModel.from_pretrained(folder)
    splits = load_splits("reviews", label2id=model.label2id).splits
    reviews = concatenate_datasets([splits["train"], splits["validation"]]).shuffle(seed=0)
    reviews = reviews.select(range(min(len(reviews), rows + rows // 4)))
    found = model.extract(reviews["text"][:], reviews["label"][:])
    tensors = {"features": found.features, "logits": found.logits, "labels": found.require_classes()}
    save_file(tensors | model.classifier.head.state_dict(), path)


def read_rows(path: Path, rows: int) -> tuple[AdueHead, FeatureSet, FeatureSet]:
    """Return the classifier's head, the rows to learn from, and those to choose on."""
    tensors = load_file(path)
    everything = FeatureSet(*(tensors.pop(name) for name in ("features", "logits", "labels")))
    shape = HeadShape(hidden_size=everything.features.shape[-1], num_labels=everything.num_labels)
    order = torch.arange(len(everything))
    return AdueHead.from_weights(shape, tensors), everything.select(order[:rows]), everything.select(order[rows:])


def fit_stacked(path: Path, rows: int, settings: FitSettings, grid: Grid = GRID) -> Run:
    """Return our run; its answer is every point's validation AUROC, and the epochs until each head stopped."""
    head, train, validation = read_rows(path, rows)

    def work() -> dict[str, Any]:
        sweep = fit_heads(train, validation, head, grid.points, settings)
        return {"auroc": list(sweep.validation_auroc), "epochs": sweep.epochs}

    return timed(work)


def fit_one_by_one(path: Path, rows: int, settings: FitSettings) -> Run:
    """Return the ordinary run with the same answer."""
    head, train, validation = read_rows(path, rows)

    def work() -> dict[str, Any]:
        return {"auroc": [_fit_one(head, train, validation, point, settings) for point in GRID.points]}

    return timed(work)


def _fit_one(
    head: AdueHead, train: FeatureSet, validation: FeatureSet, point: HyperParameters, settings: FitSettings
) -> float:
    layer = torch.nn.Linear(head.shape.hidden_size, head.shape.num_labels)
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
        # Beyond rounding: scikit-learn sums areas, and equal rankings may differ in the sixteenth digit.
        best, since = (value, 0) if value > best + 1e-12 else (best, since + 1)
        if since >= settings.patience:
            break
    return best


def _drawn(errors: Tensor, settings: FitSettings, generator: torch.Generator) -> list[list[int]]:
    share = errors.double().mean()
    weights = torch.where(errors, 1 / share, 1 / (1 - share))
    drawn = torch.multinomial(weights, len(errors), replacement=True, generator=generator)
    return [batch.tolist() for batch in drawn.split(settings.batch_size)]


def more(path: Path, rows: int, settings: FitSettings, ours: list[Run]) -> dict[str, Any]:
    """Return what is measured at full size only."""
    once = float(np.median([run.seconds for run in ours]))
    five = alone(partial(fit_stacked, path, rows, settings, GRID.model_copy(update={"seed": (0, 1, 2, 3, 4)})))
    thousand = alone(partial(fit_stacked, path, rows, settings, THOUSAND))
    return {
        "five_seeds_over_one": round(five.seconds / once, 2),
        "points_1000_seconds": round(thousand.seconds, 1),
        "points_1000_peak_mb": round(thousand.peak_mb),
        "two_layer": measure_two_layer(),
    }


def main() -> None:
    """Run the benchmark."""
    options = arguments(__doc__)
    rows, repeats = (8000, 3) if options.full else (2000, 2)
    settings = FitSettings(max_epochs=50 if options.full else 10)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.safetensors"
        write_rows(path, rows)
        stacked, one_by_one = (partial(way, path, rows, settings) for way in (fit_stacked, fit_one_by_one))
        ours, ordinary = compare(stacked, one_by_one, repeats)
        further = more(path, rows, settings, ours) if options.full else {}
    fast, plain = np.array(ours[0].answer["auroc"]), np.array(ordinary[0].answer["auroc"])
    same_winner = bool(fast.argmax() == plain.argmax())
    report(
        "sweep",
        ours,
        ordinary,
        agree=same_winner and bool(np.abs(fast - plain).max() < TOLERANCE),
        target=options.json,
        rows=rows,
        points=len(GRID.points),
        epochs_to_best=ours[0].answer["epochs"],
        largest_auroc_gap=float(np.abs(fast - plain).max()),
        same_winner=same_winner,
        **further,
    )


if __name__ == "__main__":
    main()
