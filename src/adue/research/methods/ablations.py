"""The paper's ablations: the loss without one pull or both, and the full loss from a random start."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from adue.foundation.config import GRIDS, FitSettings, Grid, HeadShape
from adue.heads.head import AdueHead
from adue.research.methods.adue import PAPER, choose_head, head_scorer
from adue.research.methods.method import FitRows, Method, Scorer, ScoreRows
from adue.research.methods.single_logit import fit_single_logit

FULL = GRIDS["paper"]
NONE = (0.0,)


def random_head(shape: HeadShape, generator: torch.Generator) -> AdueHead:
    """Return a head of this shape with weights as torch.nn.Linear draws them, uniform within 1 / sqrt(hidden)."""
    bound = shape.hidden_size**-0.5
    weights = {
        name: torch.empty_like(weight).uniform_(-bound, bound, generator=generator)
        for name, weight in AdueHead(shape).state_dict().items()
    }
    return AdueHead.from_weights(shape, weights)


def _fit_grid(rows: FitRows, grid: Grid) -> Scorer:
    return head_scorer(choose_head(rows, rows.classifier_head, grid.points))


def _fit_random_head(rows: FitRows) -> Scorer:
    """L2-SP pulls towards the random start, for that is where this head comes from."""
    start = random_head(rows.classifier_head.shape, torch.Generator().manual_seed(rows.seed))
    return head_scorer(choose_head(rows, start, FULL.points))


def _fit_random_linear(rows: FitRows) -> Scorer:
    weights = fit_single_logit(rows, FULL, FitSettings(seed=rows.seed))

    def score(given: ScoreRows) -> Tensor:
        return weights(given.rows.features)

    return score


def _ablation(name: str, fit: Callable[[FitRows], Scorer]) -> Method:
    return Method(name, PAPER, fit, probability=True)


ABLATION_METHODS = (
    _ablation("bce-only", partial(_fit_grid, grid=FULL.model_copy(update={"alpha": NONE, "beta": NONE}))),
    _ablation("bce-l2sp", partial(_fit_grid, grid=FULL.model_copy(update={"alpha": NONE}))),
    _ablation("bce-reg", partial(_fit_grid, grid=FULL.model_copy(update={"beta": NONE}))),
    _ablation("random-head", _fit_random_head),
    _ablation("random-linear", _fit_random_linear),
)
"""What each part of the paper's loss, and its start, brings; learning rates and pulls that stay are the paper's.

``bce-reg`` is the head that starts from the classifier and is not held there; ``random-head`` and ``random-linear``
have the full loss, with L2-SP towards the random weights they started from.
"""
