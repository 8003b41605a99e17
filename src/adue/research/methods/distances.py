"""Methods that measure how far a row's last hidden layer is from the training rows': the distances of the registry."""

from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import normalize

from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.research.methods.method import FitRows, Method, Scorer, ScoreRows
from adue.scores.registry import SCORES, Score


def distance_methods() -> tuple[Method, ...]:
    """Return each distance of the registry twice: on the features as they are, and on features of unit length."""
    distances = [score for score in SCORES.values() if score.needs == "training rows"]
    return tuple(_method(score, normalised=normalised) for score in distances for normalised in (False, True))


@cache
def _method(score: Score, *, normalised: bool) -> Method:
    def fit(rows: FitRows) -> Scorer:
        labels = rows.train.require_classes()
        assert score.statistics is not None  # noqa: S101 - distance_methods has looked
        learned = score.statistics(_hidden(rows.train, rows.classifier_head, normalised=normalised), labels, rows.seed)

        def u(scored: ScoreRows) -> Tensor:
            hidden = _hidden(scored.rows, rows.classifier_head, normalised=normalised)
            return score.compute(FeatureSet(hidden, scored.rows.logits), learned)

        return u

    return Method(f"{score.name}-normalised" if normalised else score.name, score.source, fit)


@torch.no_grad()
def _hidden(rows: FeatureSet, head: AdueHead, *, normalised: bool) -> Tensor:
    hidden = head.hidden(rows.features.to(head.out_weight)).double().cpu()
    return normalize(hidden, dim=-1) if normalised else hidden
