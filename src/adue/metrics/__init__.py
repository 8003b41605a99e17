"""What u is worth: metrics of (u, errors) on arrays, and the statistics that compare scores by them."""

from adue.metrics.calibration import ace, brier, ece, nll
from adue.metrics.cells import WinsTiesLosses, complete_cells, mean_ranks, wins_ties_losses
from adue.metrics.clustered import compare_clustered_auroc
from adue.metrics.delong import DifferenceTest, delong_test
from adue.metrics.evaluation import METRICS, Metric, MetricValues, evaluate_scores
from adue.metrics.intervals import Comparison, Interval, auroc_difference, auroc_interval, compare_auroc
from adue.metrics.ranking import aupr_error, auroc, fpr95, require_both
from adue.metrics.selective import accuracy_at_coverage, augrc, aurc, e_aurc, prr, risk_coverage
from adue.metrics.significance import (
    FriedmanTest,
    SignedRankTests,
    critical_difference,
    friedman_test,
    holm,
    wilcoxon_holm,
)

__all__ = [
    "METRICS",
    "Comparison",
    "DifferenceTest",
    "FriedmanTest",
    "Interval",
    "Metric",
    "MetricValues",
    "SignedRankTests",
    "WinsTiesLosses",
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
    "compare_clustered_auroc",
    "complete_cells",
    "critical_difference",
    "delong_test",
    "e_aurc",
    "ece",
    "evaluate_scores",
    "fpr95",
    "friedman_test",
    "holm",
    "mean_ranks",
    "nll",
    "prr",
    "require_both",
    "risk_coverage",
    "wilcoxon_holm",
    "wins_ties_losses",
]
