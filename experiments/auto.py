"""How the correction in the score auto was chosen: variants of it and of the trained head, on development rows.

Here "auto" always corrects, with a prior variance of the head of 0.3; `gate.py` is about when it should.

In-domain these are training rows that no adapter was trained on; shifted are the rows of shifted sets that the
benchmark leaves out (`development.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from adue.foundation.config import GRIDS, AutoSettings, FitSettings
from adue.foundation.types import FeatureSet
from adue.heads.correction import CorrectedResponse
from adue.heads.head import AdueHead
from adue.heads.ranking import fit_ranking_head
from adue.heads.sweep import SweepResult, fit_heads
from adue.research.methods.method import FitRows
from adue.scores.outputs import error_log_odds
from development import Score, compare_with, run


def head_score(head: AdueHead) -> Score:
    """Return U of a head."""

    def score(rows: FeatureSet) -> Tensor:
        with torch.no_grad():
            u: Tensor = head(rows.features)
        return u.double()

    return score


def average(sweep: SweepResult) -> AdueHead:
    """Return the head whose weights are the mean of all heads of the grid: they all started from the same ones."""
    mean = {name: stacked.mean(dim=0) for name, stacked in sweep.weights.items()}
    return AdueHead.from_weights(sweep.template.shape, mean, sweep.template.score, sweep.template.sharpness)


def variants(rows: FitRows) -> Iterator[tuple[str, Score]]:
    """Yield every score with its name, the softmax response first."""
    yield "softmax response", lambda given: error_log_odds(given.logits)
    points = GRIDS["paper"].points
    for name in ("smoothmax", "log_smoothmax"):
        settings = FitSettings.from_dict({"score": name})
        sweep = fit_heads(rows.train, rows.selection, rows.classifier_head, points, settings)
        yield f"head, {name}", head_score(sweep.head(sweep.best))
        yield f"head, {name}, mean of the grid", head_score(average(sweep))
    default = AutoSettings(required_gain=None, head_prior_variance=(0.3,))
    head, of_held_out = (fit_ranking_head(some, rows.classifier_head, default) for some in (rows.train, rows.selection))
    yield "head, pairs, train", head_score(head)
    yield "head, pairs, held-out", head_score(of_held_out)
    yield "auto", fit_score(rows, default, head)
    changes: dict[str, dict[str, object]] = {
        "L2-SP, beta 0.01": {"head_beta": 0.01},
        "L2-SP, beta 0.001": {"head_beta": 0.001},
        "head of 20 epochs": {"head_epochs": 20},
        "head of 60 epochs": {"head_epochs": 60},
        "L2-SP, 20 epochs, fade from 0.4 to 0.85": {"head_beta": 0.01, "head_epochs": 20, "fade": (0.4, 0.85)},
        "fade from 0.4 to 0.85": {"fade": (0.4, 0.85)},
        "fade from 0.6 to 1": {"fade": (0.6, 1.0)},
        "class fades with the rest": {"class_fade": default.fade},
        "prior variance 0.01": {"prior_variance": 0.01},
        "prior variance 0.1": {"prior_variance": 0.1},
        "prior variance 1": {"prior_variance": 1.0},
        "no head": {"head_prior_variance": (1e-9,)},
        "prior variance of the head 0.03": {"head_prior_variance": (0.03,)},
        "prior variance of the head 3": {"head_prior_variance": (3.0,)},
    }
    for name, change in changes.items():
        same_head = not change.keys() & {"head_beta", "head_epochs"}
        yield f"auto, {name}", fit_score(rows, default.model_copy(update=change), head if same_head else None)
    without_class, unfaded = fit_score(rows, default, head), fit_score(rows, default, head)
    without_class.correction.class_weights.zero_()
    yield "auto, no class", without_class
    unfaded.correction.fade.copy_(torch.tensor([[1e6, 2e6], [1e6, 2e6]]))
    yield "auto, never faded", unfaded
    yield "auto, learned from training rows", fit_score(replace(rows, selection=rows.train), default, head)


@dataclass(frozen=True)
class Corrected:
    """A corrected response as a score."""

    correction: CorrectedResponse

    def __call__(self, given: FeatureSet) -> Tensor:
        """Return U."""
        u: Tensor = self.correction(given.features, given.logits)
        return u


def fit_score(rows: FitRows, settings: AutoSettings, head: AdueHead | None = None) -> Corrected:
    """Return the corrected response with these settings, around a ranking head where one is trained already."""
    return Corrected(
        CorrectedResponse.fit(rows.train, rows.selection, rows.classifier_head, settings, ranking_head=head)
    )


if __name__ == "__main__":
    run(__doc__, compare_with(variants), Path("development.csv"))
