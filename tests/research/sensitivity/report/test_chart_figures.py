import numpy as np
import pytest

from adue.research.sensitivity.report.chart_figures import curve_figure, heat_figure
from adue.research.sensitivity.report.seed_means import curve, grid_means
from tests.research.sensitivity.report.factory import make_table


def test_the_heat_map_has_alpha_up_beta_across_and_gains_in_points() -> None:
    means = grid_means(make_table(grid=lambda rate, alpha, beta: rate + alpha / 100 + beta / 1000))
    (trace,) = heat_figure(means, 1e-3, "test", largest=0.11).data
    assert (list(trace.x), list(trace.y)) == (["0", "1", "10"], ["0", "1", "10"])
    np.testing.assert_allclose(trace.z[0], [0.1, 0.2, 1.1], rtol=1e-9)
    np.testing.assert_allclose([row[0] for row in trace.z], [0.1, 1.1, 10.1], rtol=1e-9)


def test_zero_has_the_colour_of_the_page_in_every_map() -> None:
    means = grid_means(make_table())
    (trace,) = heat_figure(means, 1e-4, "validation", largest=0.02).data
    assert trace.zmin == -trace.zmax < -2
    assert trace.colorscale[1] == (0.5, "var(--card)")


def test_the_curve_shows_head_and_softmax_response_on_both_kinds_of_rows() -> None:
    figure = curve_figure(curve(make_table(errors={10.0: 0.0, 100.0: 0.01}), "errors"), "training errors")
    traces = {trace.name: trace for trace in figure.data}
    assert set(traces) == {
        "softmax response, validation",
        "softmax response, test",
        "AdUE, validation (chosen on)",
        "AdUE, test",
    }
    assert list(traces["AdUE, test"].y) == pytest.approx([0.7, 0.71])
    assert traces["AdUE, test"].error_y.array.max() > 0
    assert traces["softmax response, test"].error_y.array is None
    assert figure.layout.xaxis.type == "log"


def test_a_head_that_says_the_same_of_all_rows_does_not_flatten_the_others() -> None:
    dead = curve_figure(curve(make_table(sharpness={1.0: -0.2, 10.0: 0.01, 100.0: 0.02}), "sharpness"), "lambda")
    alive = curve_figure(curve(make_table(sharpness={10.0: 0.01, 100.0: 0.02}), "sharpness"), "lambda")
    assert dead.layout.yaxis.range == alive.layout.yaxis.range


def test_one_seed_has_bars_of_no_length() -> None:
    figure = curve_figure(curve(make_table(seeds=1), "errors"), "training errors")
    assert figure.data[-1].error_y.array.tolist() == [0, 0]
    assert np.isfinite(figure.layout.yaxis.range).all()
