"""Figures draw every score, AdUE on top, and leave colours to the page."""

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from adue.report.chart_figures import histogram_figure, reliability_figure, risk_coverage_figure, roc_figure
from tests.report.factory import make_scored

SCORED = make_scored()


def named(figure: go.Figure) -> dict[str, Any]:
    return {trace.name: trace for trace in figure.data if trace.name}


@pytest.mark.parametrize("draw", [roc_figure, risk_coverage_figure])
def test_every_score_is_drawn_and_adue_is_drawn_last_but_listed_first(draw: Any) -> None:
    figure = draw(SCORED)
    traces = named(figure)
    assert set(traces) == {
        "AdUE",
        "softmax response",
        "entropy",
        "margin",
        "energy",
        "mahalanobis",
        "relative mahalanobis",
    }
    assert figure.data[-1].name == "AdUE"
    by_legend = sorted(traces.values(), key=lambda trace: trace.legendrank)
    assert [trace.name for trace in by_legend[:2]] == ["AdUE", "softmax response"]


def test_other_scores_are_thin_and_differ_by_their_dashes() -> None:
    traces = named(roc_figure(SCORED))
    others = [trace for name, trace in traces.items() if name not in {"AdUE", "softmax response"}]
    assert {trace.line.color for trace in others} == {"var(--faint)"}
    assert len({trace.line.dash for trace in others}) == len(others)
    assert max(trace.line.width for trace in others) < traces["softmax response"].line.width


def test_a_hopeless_score_does_not_flatten_the_risk_of_the_others() -> None:
    scored = make_scored()
    scored.scores["hopeless"] = -scored.uncertainty
    height = risk_coverage_figure(scored).layout.yaxis.range[1]
    assert named(risk_coverage_figure(scored))["hopeless"].y.max() > height
    assert height == risk_coverage_figure(SCORED).layout.yaxis.range[1]


def test_the_histogram_shows_only_groups_that_have_rows() -> None:
    assert set(named(histogram_figure(SCORED))) == {"correct predictions", "errors"}
    assert set(named(histogram_figure(make_scored(error_rate=0.0)))) == {"correct predictions"}
    assert set(named(histogram_figure(make_scored(error_rate=1.0)))) == {"errors"}


def test_uniform_probabilities_have_the_confidence_of_chance_in_the_reliability_diagram() -> None:
    scored = make_scored()
    scored.scores["adue"] = np.ones(len(scored.labels))
    curve = named(reliability_figure(scored, classes=4, largest_error=0.75))["AdUE"]
    assert curve.x.tolist() == [0.25]


@pytest.mark.parametrize("draw", [roc_figure, risk_coverage_figure, histogram_figure])
def test_colours_are_variables_of_the_page(draw: Any) -> None:
    figure = json.loads(draw(SCORED).to_json())
    colors = [trace.get("line", trace.get("marker"))["color"] for trace in figure["data"]]
    assert all(color.startswith("var(--") for color in colors)


def test_a_touch_on_a_figure_scrolls_the_page() -> None:
    layout = roc_figure(SCORED).layout
    assert (layout.dragmode, layout.xaxis.fixedrange, layout.yaxis.fixedrange) == (False, True, True)
