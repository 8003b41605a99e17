"""The Plotly figure of each chart; colours are names of CSS variables, which the page resolves for light and dark."""

import itertools

import numpy as np
import plotly.graph_objects as go

from adue.report.chart_points import Curve, calibration, histogram, perfect_risk, risk, roc
from adue.report.results import ScoredSet
from adue.report.sentences import display_name
from adue.scores import ADUE, REFERENCE

INK, FAINT, GRID, CARD = "var(--ink)", "var(--faint)", "var(--grid)", "var(--card)"
LINES = {
    ADUE: {"color": "var(--adue)", "width": 3},
    REFERENCE: {"color": "var(--reference)", "width": 2.5},
}
DASHES = ("dash", "dashdot", "longdash", "longdashdot", "5px,2px,1px,2px", "1px,1px")
HOVER = "%{x:.1%} %{xaxis.title.text}<br>%{y:.1%} %{yaxis.title.text}<extra>%{fullData.name}</extra>"
HEADROOM = 1.3

AXIS = {
    "tickformat": ".0%",
    "ticks": "outside",
    "tickcolor": FAINT,
    "linecolor": FAINT,
    "gridcolor": GRID,
    "zeroline": False,
    "automargin": True,
    "fixedrange": True,
}
LAYOUT = {
    "template": "none",
    "autosize": True,
    "uirevision": "keep",
    "dragmode": False,
    "hovermode": "closest",
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
    "margin": {"l": 8, "r": 24, "t": 8, "b": 8},
    "legend": {
        "orientation": "h",
        "font": {"size": 12},
        "itemwidth": 30,
        "xref": "container",
        "yref": "container",
        "x": 0,
        "y": 1,
        "yanchor": "top",
    },
    "hoverlabel": {"bgcolor": CARD, "bordercolor": FAINT, "font": {"color": INK}},
}


def roc_figure(scored: ScoredSet) -> go.Figure:
    """Return the ROC curve of every score against errors; needs at least one error and one correct prediction."""
    figure = _figure("correct predictions flagged", "errors caught")
    figure.update_xaxes(range=[-0.01, 1.01])
    figure.update_yaxes(range=[-0.01, 1.01])
    _add_guide(figure, Curve(np.array([0, 1]), np.array([0, 1])))
    _add_scores(figure, {name: roc(u, scored.errors) for name, u in scored.scores.items()})
    return figure


def risk_coverage_figure(scored: ScoredSet) -> go.Figure:
    """Return the error rate among the answered rows against the share answered, for every score.

    The height is that of AdUE, softmax response and the plain error rate; a hopeless score may leave at the top.
    """
    curves = {name: risk(u, scored.errors) for name, u in scored.scores.items()}
    rate = float(scored.errors.mean())
    highest = max(rate, float(curves[ADUE].y.max()), float(curves[REFERENCE].y.max()))
    figure = _figure("rows answered", "answers that are wrong")
    figure.update_xaxes(range=[-0.01, 1.01])
    figure.update_yaxes(range=[-0.01 * highest, min(1.01, HEADROOM * highest)])
    _add_guide(figure, perfect_risk(rate))
    _add_scores(figure, curves)
    return figure


def histogram_figure(scored: ScoredSet) -> go.Figure:
    """Return how U is spread over errors (outline) and correct predictions (bars), each adding up to one."""
    figure = _figure("U", "rows of each group")
    figure.update_layout(bargap=0.06, showlegend=True)
    figure.update_xaxes(range=[-0.01, 1.01], tickformat=".1f")
    figure.update_yaxes(rangemode="tozero")
    hover = "U about %{x:.2f}<br>%{y:.1%} of the %{fullData.name}<extra></extra>"
    correct, wrong = scored.uncertainty[~scored.errors], scored.uncertainty[scored.errors]
    if len(correct):
        bars, color = histogram(correct), {"color": "var(--correct)"}
        figure.add_bar(x=bars.x, y=bars.y, name="correct predictions", marker=color, hovertemplate=hover)
    if len(wrong):
        steps, line = histogram(wrong), {"color": "var(--error)", "width": 2.5, "shape": "hvh"}
        figure.add_scatter(x=steps.x, y=steps.y, name="errors", mode="lines", line=line, hovertemplate=hover)
    return figure


def reliability_figure(scored: ScoredSet, classes: int, largest_error: float) -> go.Figure:
    """Return the share of correct predictions against confidence, for the classifier and for U read as confidence.

    Parameters
    ----------
    largest_error
        The probability of an error that U = 1 stands for.
    """
    curves = {
        REFERENCE: calibration(scored.confidence, scored.errors),
        ADUE: calibration(1 - scored.uncertainty * largest_error, scored.errors),
    }
    chance = 1 / classes
    lowest = min(chance, *(float(curve.y.min()) for curve in curves.values()))
    leftmost = min(chance, *(float(curve.x.min()) for curve in curves.values()))
    figure = _figure("confidence", "predictions right")
    figure.update_xaxes(range=[leftmost - 0.02, 1.02])
    figure.update_yaxes(range=[lowest - 0.02, 1.02])
    _add_guide(figure, Curve(np.array([leftmost, 1]), np.array([leftmost, 1])))
    names = {REFERENCE: "classifier's probability", ADUE: "AdUE"}
    for score, curve in curves.items():
        figure.add_scatter(
            x=curve.x,
            y=curve.y,
            name=names[score],
            mode="lines+markers",
            line=LINES[score],
            marker={"size": 8},
            hovertemplate=HOVER,
        )
    return figure


def _figure(x_title: str, y_title: str) -> go.Figure:
    figure = go.Figure(layout=LAYOUT)
    figure.update_xaxes(**AXIS, title={"text": x_title, "font": {"size": 13}, "standoff": 10})
    figure.update_yaxes(**AXIS, title={"text": y_title, "font": {"size": 13}, "standoff": 12})
    return figure


def _add_guide(figure: go.Figure, curve: Curve) -> None:
    line = {"color": FAINT, "width": 1.2, "dash": "dot"}
    figure.add_scatter(x=curve.x, y=curve.y, mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _add_scores(figure: go.Figure, curves: dict[str, Curve]) -> None:
    """Draw AdUE and the softmax response last, on top of the others, and name them first in the legend."""
    others = [name for name in curves if name not in LINES]
    lines = {
        name: {"color": FAINT, "width": 1.2, "dash": dash}
        for name, dash in zip(others, itertools.cycle(DASHES), strict=False)
    }
    for rank, name in enumerate([*others, REFERENCE, ADUE]):
        figure.add_scatter(
            x=curves[name].x,
            y=curves[name].y,
            name=display_name(name),
            mode="lines",
            line=(lines | LINES)[name],
            legendrank=len(curves) - rank,
            hovertemplate=HOVER,
        )
