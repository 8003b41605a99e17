"""What u is worth: metrics of (u, errors) on arrays, and the statistics that compare scores by them."""

from adue.metrics.calibration import ace, brier, ece, nll
from adue.metrics.evaluation import METRICS, Metric, MetricValues, evaluate_scores
from adue.metrics.intervals import Comparison, Interval, auroc_difference, auroc_interval, compare_auroc
from adue.metrics.ranking import aupr_error, auroc, fpr95, require_both
from adue.metrics.selective import accuracy_at_coverage, augrc, aurc, e_aurc, prr, risk_coverage

__all__ = [
    "METRICS",
    "Comparison",
    "Interval",
    "Metric",
    "MetricValues",
    "accuracy_at_coverage",
    "ace",
    "augrc",
    "aupr_error",
    "aurc",
    "auroc",
    "auroc_difference",
    "auroc_interval",
    "brier",
    "compare_auroc",
    "e_aurc",
    "ece",
    "evaluate_scores",
    "fpr95",
    "nll",
    "prr",
    "require_both",
    "risk_coverage",
]
