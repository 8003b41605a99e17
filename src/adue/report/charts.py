"""The charts of one evaluation set: which there are, and for each its heading and how to read it."""

from dataclasses import dataclass

import plotly.graph_objects as go
from markupsafe import Markup

from adue.foundation.config import AdueConfig, ScoreName
from adue.report.chart_figures import histogram_figure, reliability_figure, risk_coverage_figure, roc_figure
from adue.report.numbers import percent
from adue.report.results import ScoredSet, SetResult

ROC = (
    "Choose a level of uncertainty and send every prediction above it to a person. Each point is one such level: "
    "how many of the errors that person catches (up), for how many correct predictions sent along needlessly "
    "(right). Nearer to the top left corner is better; the dotted diagonal is a coin toss. The area under a curve is "
    "its AUROC in the table."
)
RISK = (
    "Let the classifier answer only where it is most certain. To the right it answers more rows; the height is the "
    "share of those answers that is wrong, so lower is better. At the right edge everything is answered and all "
    "scores meet at the plain error rate, {rate}. The dotted line is a perfect ranking. The curves leave out the "
    "first few rows, where a single error moves the rate. Click a name in the legend to hide or show its curve."
)
HISTOGRAM = (
    "U is 0 where the head sees no doubt and 1 where all classes look equally likely. The bars add up to "
    "100\N{NO-BREAK SPACE}% of the correct predictions and the line to 100\N{NO-BREAK SPACE}% of the errors, so the "
    "two can be compared although errors are rarer. The less they overlap, the better U separates them."
)
RELIABILITY = (
    "Rows are sorted by confidence and cut into ten groups of about equal size; each point is one group. On the "
    "dotted diagonal, confidence means what it says; below it the classifier promises too much, above it too little. "
)
RANKS_ONLY = (
    " The head learns to rank, from batches in which errors are more frequent than in the data, so its line need not "
    "follow the diagonal: use U to sort and to cut, and do not read it as a probability where the line is far off."
)
RELIABILITY_OF: dict[ScoreName, str] = {
    "auto": "AdUE's line is 1 \N{MINUS SIGN} U, the probability that the answer is right as held-out rows of the "
    "training domain show it; in another domain it may be off.",
    **dict.fromkeys(
        ("smoothmax", "log_smoothmax"),
        "AdUE's line is the confidence that belongs to U, 1 \N{MINUS SIGN} U (1 \N{MINUS SIGN} 1/C) with C classes."
        + RANKS_ONLY,
    ),
    "entropy": "AdUE's line is U put on the scale of a confidence, 1 \N{MINUS SIGN} U (1 \N{MINUS SIGN} 1/C) with C "
    "classes; for an entropy head that is a change of scale, not a probability." + RANKS_ONLY,
}


@dataclass(frozen=True)
class Chart:
    """A figure as JSON that is safe inside a script element, and its words."""

    heading: str
    summary: str
    explanation: str
    json: Markup


def charts(result: SetResult, scored: ScoredSet, config: AdueConfig) -> list[Chart]:
    """Return the charts that these rows allow: no curve without an AUROC, nothing without rows."""
    drawn = []
    if result.scores:
        rate = percent(float(scored.errors.mean()))
        drawn += [
            _chart("Errors caught", "ROC curves", ROC, roc_figure(scored)),
            _chart(
                "Errors left",
                "Risk against coverage",
                RISK.format(rate=rate),
                risk_coverage_figure(scored),
            ),
        ]
    if result.rows:
        score, classes = config.settings.score, config.head.num_labels
        drawn += [
            _chart("Spread of U", "Histogram of U", HISTOGRAM, histogram_figure(scored)),
            _chart(
                "Trust in confidence",
                "Reliability diagram",
                RELIABILITY + RELIABILITY_OF[score],
                reliability_figure(scored, classes, 1.0 if score == "auto" else 1 - 1 / classes),
            ),
        ]
    return drawn


def _chart(heading: str, summary: str, explanation: str, figure: go.Figure) -> Chart:
    # plotly escapes <, > and / in its JSON, so no text in it can end the script element that carries it.
    return Chart(heading, summary, explanation, Markup(figure.to_json()))  # noqa: S704
