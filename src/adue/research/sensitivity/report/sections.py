"""The parts of the report of a sweep: sentences, a table and figures each; HTML and Markdown show the same."""

from dataclasses import dataclass
from math import isnan

import pandas as pd
import plotly.graph_objects as go
from markupsafe import Markup

from adue.report.charts import Chart
from adue.report.numbers import SPACE, decimal
from adue.research.sensitivity.report.chart_figures import curve_figure, heat_figure
from adue.research.sensitivity.report.findings import SweepFacts
from adue.research.sensitivity.report.rules import choose_point, choose_sharpness, enough_errors, enough_validation_rows
from adue.research.sensitivity.report.seed_means import CurvePoint, Where, curve, grid_means
from adue.research.sensitivity.report.sentences import (
    errors_sentence,
    grid_sentence,
    points,
    sharpness_sentence,
    validation_sentence,
)

WHERE: tuple[Where, Where] = ("validation", "test")
HEAT = (
    "Each cell is one pair of pulls: its number is AUROC minus that of softmax response on the {where} rows, in "
    "hundredths, mean over seeds. Blue is better than softmax response, orange worse; all maps share their colours."
)
CURVE = (
    "The head that the paper's grid gives at each value, chosen on validation rows. Bars are 95"
    f"{SPACE}% intervals over seeds. The dotted lines are the rows that the choice was made on, so they promise too "
    "much; the full lines are test rows."
)


@dataclass(frozen=True)
class Section:
    """One experiment, ready to be shown."""

    heading: str
    sentence: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    charts: tuple[Chart, ...]


def sections(table: pd.DataFrame, facts: SweepFacts) -> list[Section]:
    """Return the experiments that the table holds."""
    errors = errors_sentence(table, enough_errors(table))
    validation = validation_sentence(table, enough_validation_rows(table))
    shown = [_grid(table)]
    if curve(table, "sharpness"):
        sharpness = sharpness_sentence(table, choose_sharpness(table, facts.settings.sharpness))
        shown.append(_curve("Lambda of SmoothMax", "lambda", curve(table, "sharpness"), sharpness))
    return [
        *shown,
        _curve("Training errors", "training errors", curve(table, "errors"), errors),
        _curve("Validation rows", "validation rows", curve(table, "validation"), validation),
    ]


def _grid(table: pd.DataFrame) -> Section:
    means = grid_means(table)
    largest = max(abs(one.gain(where)) for one in means.values() for where in WHERE)
    rates = sorted({point.learning_rate for point in means})
    best = [
        max((p for p in means if p.learning_rate == rate), key=lambda p: means[p].gain("validation")) for rate in rates
    ]
    return Section(
        "Pull to softmax response (alpha), pull to starting weights (beta), learning rate",
        grid_sentence(table, choose_point(table)),
        ("learning rate", "best alpha", "best beta", "validation gain", "test gain"),
        tuple(
            (f"{p.learning_rate:g}", f"{p.alpha:g}", f"{p.beta:g}", *(points(means[p].gain(where)) for where in WHERE))
            for p in best
        ),
        tuple(
            _chart(
                f"Learning rate {rate:g}",
                f"Gain over softmax response, {where} rows",
                HEAT.format(where=where),
                heat_figure(means, rate, where, largest),
            )
            for rate in rates
            for where in WHERE
        ),
    )


def _curve(heading: str, name: str, line: list[CurvePoint], sentence: str) -> Section:
    rows = tuple(
        (
            f"{point.value:,.12g}",
            decimal(point.validation.auroc.value),
            points(point.validation.gain.value),
            decimal(point.test.auroc.value),
            decimal(point.test.softmax_response),
            points(point.test.gain.value),
            "none"
            if isnan(point.test.gain.low)
            else f"{points(point.test.gain.low)} to {points(point.test.gain.high)}",
        )
        for point in line
    )
    return Section(
        heading,
        sentence,
        (name, "validation AUROC", "validation gain", "test AUROC", "softmax response", "test gain", "interval"),
        rows,
        (_chart(f"AUROC by {name}", f"Chosen head and softmax response by {name}", CURVE, curve_figure(line, name)),),
    )


def _chart(heading: str, summary: str, explanation: str, figure: go.Figure) -> Chart:
    # As in adue.report.charts, plotly escapes what could end the script element.
    return Chart(heading, summary, explanation, Markup(figure.to_json()))  # noqa: S704
