"""The grid over a two-layer head as RoBERTa has it: against the machine's own matrix product, and how to do less.

Rows are drawn: features of width 768, a classifier's head of dense, tanh and projection, and errors that no linear
function of the features tells, so that the dense layer has something to learn. It also runs alone.
"""

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from adue.foundation.config import FitSettings, Grid, HeadShape
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.heads.sweep import fit_heads
from adue.scores.outputs import softmax_response

HIDDEN, CLASSES, ROWS = 768, 2, 8000
GRID = Grid()


def make_rows(rows: int, seed: int) -> tuple[AdueHead, FeatureSet]:
    """Return a head, and rows of which about one in eight is an error."""
    fixed = torch.Generator().manual_seed(7)
    shape = HeadShape(hidden_size=HIDDEN, num_labels=CLASSES, activation="tanh")
    weights = {
        "dense_weight": torch.randn(HIDDEN, HIDDEN, generator=fixed) / HIDDEN**0.5,
        "dense_bias": torch.zeros(HIDDEN),
        "out_weight": 3 * torch.randn(CLASSES, HIDDEN, generator=fixed) / HIDDEN**0.5,
        "out_bias": torch.zeros(CLASSES),
    }
    head = AdueHead.from_weights(shape, weights)
    directions = torch.randn(HIDDEN, 2, generator=fixed) / HIDDEN**0.5
    drawn = torch.Generator().manual_seed(seed)
    features = torch.randn(rows, HIDDEN, generator=drawn)
    with torch.no_grad():
        logits = head.logits(features)
    # Two directions whose product shows errors: no linear function of h does.
    first, second = (features @ directions).unbind(dim=-1)
    chance = 0.35 * softmax_response(logits) + 0.15 * torch.sigmoid(4 * first * second)
    wrong = torch.rand(rows, generator=drawn) < chance
    answers = logits.argmax(dim=-1)
    return head, FeatureSet(features, logits, torch.where(wrong, 1 - answers, answers))


def product_seconds(heads: int, rows: int) -> float:
    """Return how long the three large products of one step take by themselves: forward, and the weights' gradient."""
    weights, features = torch.randn(heads * HIDDEN, HIDDEN), torch.randn(rows, HIDDEN)
    slope = torch.randn(heads * HIDDEN, rows)

    def products() -> tuple[Tensor, Tensor]:
        return weights @ features.T, slope @ features

    return _median_seconds(products, 5)


def step_seconds(heads: int, rows: int) -> float:
    """Return how long a step of the stack takes, from an epoch of a grid of heads."""
    head, train = make_rows(rows * 4, 1)
    _, validation = make_rows(64, 2)
    points = GRID.points[:heads]

    def epochs(number: int) -> float:
        settings = FitSettings(max_epochs=number, batch_size=rows, patience=number)
        return _median_seconds(lambda: fit_heads(train, validation, head, points, settings), 1)

    # Four steps an epoch; the difference leaves out what a sweep does once.
    return (epochs(3) - epochs(1)) / 8


def _median_seconds(work: Callable[[], object], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def measure_two_layer() -> dict[str, Any]:
    """Return the step against the products in it, and every way of doing less against the whole grid."""
    product, step = product_seconds(len(GRID.points), 256), step_seconds(len(GRID.points), 256)
    flop = 2 * 2 * len(GRID.points) * 256 * HIDDEN * HIDDEN
    (head, train), (_, validation) = make_rows(ROWS, 1), make_rows(ROWS // 5, 2)
    ways = {
        "whole grid": FitSettings(),
        "halving 3": FitSettings(halving_factor=3),
        "halving 3, 2 right rows per error": FitSettings(halving_factor=3, right_per_error=2),
        "2 right rows per error": FitSettings(right_per_error=2),
        "frozen dense layer": FitSettings(train_dense=False),
    }
    reference, found = None, {}
    for name, settings in ways.items():
        started = time.perf_counter()
        sweep = fit_heads(train, validation, head, GRID.points, settings)
        seconds = time.perf_counter() - started
        auroc = float(sweep.validation_auroc[sweep.best])
        reference = reference or (seconds, auroc)
        found[name] = {
            "seconds": round(seconds, 1),
            "times_faster": round(reference[0] / seconds, 1),
            "validation_auroc": round(auroc, 4),
            "auroc_lost": round(reference[1] - auroc, 4),
            "epochs": int(np.max(sweep.epochs)),
        }
    return {
        "gflop_per_step": round(flop / 1e9, 1),
        "product_gflops": round(flop / product / 1e9),
        "product_seconds": round(product, 4),
        "step_seconds": round(step, 4),
        "step_over_product": round(step / product, 2),
        "softmax_response": round(_reference(validation), 4),
        "ways": found,
    }


def _reference(rows: FeatureSet) -> float:
    return float(roc_auc_score(rows.errors.numpy(), softmax_response(rows.logits).numpy()))


if __name__ == "__main__":
    print(json.dumps(measure_two_layer(), indent=2))
