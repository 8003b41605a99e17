"""AdUE as methods of the comparison: our default, the paper's exact preset, and two other scores of trained heads."""

from collections.abc import Sequence
from functools import partial

import torch
from torch.utils.weak import WeakIdKeyDictionary

from adue.foundation.config import GRIDS, AutoSettings, FitSettings, HeadScore, HyperParameters
from adue.heads.correction import CorrectedResponse
from adue.heads.head import AdueHead
from adue.heads.sweep import fit_heads
from adue.research.methods.method import FitRows, Method, Scorer, ScoreRows

PAPER = "AdUE 2025, arXiv 2505.15443"

_paper_heads = WeakIdKeyDictionary()


def choose_head(
    rows: FitRows, start: AdueHead, points: Sequence[HyperParameters], score: HeadScore = "smoothmax"
) -> AdueHead:
    """Return the head that started from `start`, at the point with the best AUROC on the selection rows.

    Raises
    ------
    DataError
        When the training or the selection rows are all right or all wrong, or every head diverges.
    """
    settings = FitSettings(score=score, seed=rows.seed)
    sweep = fit_heads(rows.train, rows.selection, start, points, settings)
    return sweep.head(sweep.best)


def paper_head(rows: FitRows) -> AdueHead:
    """Return the head of the paper's exact preset for these rows.

    The methods that build on it share one fit: it is remembered as long as the very same `rows` live.

    Raises
    ------
    DataError
        As `choose_head`.
    """
    if rows not in _paper_heads:
        _paper_heads[rows] = choose_head(rows, rows.classifier_head, GRIDS["paper"].points)
    head: AdueHead = _paper_heads[rows]
    return head


def head_scorer(head: AdueHead) -> Scorer:
    """Return the scorer that reads U off `head`, in [0, 1] and as exact as the head itself: float32."""

    def score(given: ScoreRows) -> torch.Tensor:
        with torch.no_grad():
            u: torch.Tensor = head(given.rows.features)
        return u

    return score


def _fit_paper(rows: FitRows) -> Scorer:
    return head_scorer(paper_head(rows))


def _fit_score(rows: FitRows, score: HeadScore) -> Scorer:
    return head_scorer(choose_head(rows, rows.classifier_head, GRIDS["paper"].points, score))


def _fit_auto(rows: FitRows) -> Scorer:
    correction = CorrectedResponse.fit(rows.train, rows.selection, rows.classifier_head, AutoSettings(seed=rows.seed))
    return lambda given: correction(given.rows.features, given.rows.logits)


ADUE_METHODS = (
    Method("adue-auto", "adue", _fit_auto, probability=True),
    Method("adue-paper", PAPER, _fit_paper, probability=True),
    Method("adue-entropy", PAPER, partial(_fit_score, score="entropy"), probability=True),
    Method("adue-log-smoothmax", "adue", partial(_fit_score, score="log_smoothmax"), probability=True),
)
"""Our default, and heads trained over the paper's 27 points, which differ by how logits become U."""
