"""When the score auto should correct anything at all, on development rows (`development.py`).

Also the paper's head with L2-SP to a posterior mean: SWAG's, in place of the classifier's own head.
"""

from collections.abc import Iterator
from pathlib import Path

from adue.foundation.config import GRIDS, AutoSettings, FitSettings
from adue.heads.head import AdueHead
from adue.heads.ranking import fit_ranking_head
from adue.heads.sweep import fit_heads
from adue.research.methods.method import FitRows
from adue.research.methods.swag import draw_heads
from adue.scores.outputs import error_log_odds
from auto import fit_score, head_score
from development import Score, compare_with, run


def posterior_mean(rows: FitRows) -> AdueHead:
    """Return the mean of the heads that SWAG draws: where the classification head goes when it is trained on."""
    means = {name: many.mean(dim=0) for name, many in draw_heads(rows).weights.items()}
    return AdueHead.from_weights(rows.classifier_head.shape, means)


def variants(rows: FitRows) -> Iterator[tuple[str, Score]]:
    """Yield every score with its name, the softmax response first."""
    yield "softmax response", lambda given: error_log_odds(given.logits)
    starts = {"smoothmax": rows.classifier_head, "smoothmax, L2-SP to a posterior mean": posterior_mean(rows)}
    for name, start in starts.items():
        sweep = fit_heads(rows.train, rows.selection, start, GRIDS["paper"].points, FitSettings())
        yield f"head, {name}", head_score(sweep.head(sweep.best))
    default = AutoSettings()
    head = fit_ranking_head(rows.train, rows.classifier_head, default)
    yield "auto", fit_score(rows, default, head)
    changes: dict[str, dict[str, object]] = {
        "whatever the gain": {"required_gain": None},
        "whatever the gain, prior variance of the head 0.03": {"required_gain": None, "head_prior_variance": (0.03,)},
        "all or nothing": {"head_prior_variance": (0.3,)},
        "0.03 or nothing": {"head_prior_variance": (0.03,)},
        "five rungs": {"head_prior_variance": (0.01, 0.03, 0.1, 0.3)},
        "a gain of 2 standard errors": {"required_gain": 2.0},
        "any gain at all": {"required_gain": 0.0},
    }
    for name, change in changes.items():
        yield f"auto, {name}", fit_score(rows, default.model_copy(update=change), head)


if __name__ == "__main__":
    run(__doc__, compare_with(variants), Path("gate.csv"))
