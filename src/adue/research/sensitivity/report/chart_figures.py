"""Heat maps and curves of a sweep; colours are names of CSS variables, as in adue.report.chart_figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from adue.foundation.config import HyperParameters
from adue.report.chart_figures import AXIS, CARD, INK, LAYOUT, LINES
from adue.research.sensitivity.report.seed_means import DEAD, CurvePoint, GridPoint, Mean, Where
from adue.scores import ADUE, REFERENCE

MARGIN = 0.08
"""Share of the height that is left free above and below."""
PALE = 1.5
LOWER, HIGHER = "var(--reference)", "var(--adue)"
PROMISED = {"dash": "dot", "width": 1.5}
"""Lines of the rows that the head was chosen on."""


def heat_figure(
    means: Mapping[HyperParameters, GridPoint], learning_rate: float, where: Where, largest: float
) -> go.Figure:
    """Return the gains over softmax response with alpha up and beta across, in points of AUROC.

    Colours end at plus and minus PALE times `largest`, so that several maps can be compared and the numbers be read;
    zero has the colour of the page.
    """
    gains = {(p.alpha, p.beta): one.gain(where) for p, one in means.items() if p.learning_rate == learning_rate}
    alphas, betas = (sorted({pair[axis] for pair in gains}) for axis in (0, 1))
    figure = go.Figure(layout=LAYOUT)
    figure.add_heatmap(
        x=[f"{value:g}" for value in betas],
        y=[f"{value:g}" for value in alphas],
        z=[[100 * gains[alpha, beta] for beta in betas] for alpha in alphas],
        zmin=-100 * PALE * largest,
        zmax=100 * PALE * largest,
        colorscale=[[0, LOWER], [0.5, CARD], [1, HIGHER]],
        showscale=False,
        xgap=2,
        ygap=2,
        texttemplate="%{z:+.2f}",
        textfont={"color": INK, "size": 13},
        hovertemplate="alpha %{y}, beta %{x}<br>%{z:+.3f} points<extra></extra>",
    )
    plain = AXIS | {"tickformat": "", "type": "category", "showgrid": False}
    figure.update_xaxes(**plain, title=_title("beta"))
    figure.update_yaxes(**plain, title=_title("alpha"))
    return figure


def curve_figure(line: Sequence[CurvePoint], x_title: str) -> go.Figure:
    """Return the chosen head's AUROC on test and validation rows against a value, with intervals over seeds.

    A head that says the same of every row may leave at the bottom.
    """
    values = [point.value for point in line]
    figure = go.Figure(layout=LAYOUT)
    figure.update_xaxes(
        **AXIS | {"tickformat": ""},
        title=_title(x_title),
        type="log",
        tickvals=values,
        ticktext=[f"{value:,.12g}" for value in values],
    )
    figure.update_yaxes(**AXIS | {"tickformat": ".3f"}, title=_title("AUROC"), range=_y_range(line))
    validation, test = [point.validation for point in line], [point.test for point in line]
    reference, adue = LINES[REFERENCE], LINES[ADUE]
    _add(figure, values, "softmax response, validation", [o.softmax_response for o in validation], reference | PROMISED)
    _add(figure, values, "softmax response, test", [o.softmax_response for o in test], reference)
    _add(figure, values, "AdUE, validation (chosen on)", [o.auroc for o in validation], adue | PROMISED)
    _add(figure, values, "AdUE, test", [o.auroc for o in test], adue)
    return figure


def _add(
    figure: go.Figure, x: list[float], name: str, means: Sequence[Mean] | Sequence[float], style: dict[str, Any]
) -> None:
    y = [one.value if isinstance(one, Mean) else one for one in means]
    bars = [one for one in means if isinstance(one, Mean)]
    figure.add_scatter(
        x=x,
        y=y,
        name=name,
        mode="lines+markers",
        line=style,
        error_y=_bars(bars, str(style["color"])) if bars else None,
        hovertemplate="%{x}: %{y:.4f}<extra>%{fullData.name}</extra>",
    )


def _bars(means: Sequence[Mean], color: str) -> dict[str, Any]:
    above, below = np.nan_to_num([[one.high - one.value, one.value - one.low] for one in means]).T
    return {
        "type": "data",
        "symmetric": False,
        "array": above,
        "arrayminus": below,
        "color": color,
        "thickness": 1,
        "width": 4,
    }


def _y_range(line: Sequence[CurvePoint]) -> list[float]:
    shown = [point for point in line if not point.dead] or line
    outcomes = [outcome for point in shown for outcome in (point.validation, point.test)]
    ends = [end for o in outcomes for end in (o.auroc.value, o.auroc.low, o.auroc.high, o.softmax_response)]
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    margin = MARGIN * (high - low) + DEAD
    return [low - margin, high + margin]


def _title(text: str) -> dict[str, object]:
    return {"text": text, "font": {"size": 13}, "standoff": 10}
