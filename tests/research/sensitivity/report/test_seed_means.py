import math

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from adue.foundation.config import HyperParameters
from adue.research.sensitivity.report.seed_means import Mean, curve, grid_means, noise_of_rows, paired_differences
from tests.research.sensitivity.report.factory import make_table


def test_the_interval_is_that_of_a_t_test() -> None:
    values = np.array([0.70, 0.71, 0.74, 0.69])
    mean = Mean.of(values)
    wanted = ttest_1samp(values, 0).confidence_interval(0.95)
    assert (mean.low, mean.high) == pytest.approx((wanted.low, wanted.high))
    assert mean.standard_error == pytest.approx(np.std(values, ddof=1) / 2)


def test_one_seed_has_no_interval() -> None:
    mean = Mean.of(np.array([0.7]))
    assert mean.value == 0.7
    assert math.isnan(mean.low)


def test_a_curve_has_one_point_per_value_in_order() -> None:
    points = curve(make_table(errors={100.0: 0.02, 10.0: 0.01}), "errors")
    assert [point.value for point in points] == [10, 100]
    assert points[1].test.gain.value == pytest.approx(0.02)
    assert points[1].test.auroc.value == pytest.approx(0.72)
    assert points[1].optimism == pytest.approx(0.01)


def test_heads_that_were_not_chosen_are_no_part_of_a_curve() -> None:
    table = make_table()
    table.loc[(table["experiment"] == "errors") & (table["seed"] == 0), "chosen"] = False
    table.loc[~table["chosen"], "test_auroc"] = 0.0
    assert curve(table, "errors")[-1].test.auroc.value > 0.7


def test_an_experiment_that_was_not_run_has_no_points() -> None:
    assert curve(make_table(sharpness={}), "sharpness") == []


def test_grid_means_are_taken_over_seeds() -> None:
    table = make_table(grid=lambda rate, alpha, beta: beta / 1000, seeds=5, jitter=0.001)
    means = grid_means(table)
    assert len(means) == 18
    gain = means[HyperParameters(learning_rate=1e-3, alpha=1.0, beta=10.0)].test_gain
    assert gain.value == pytest.approx(0.01)
    assert gain.standard_error == pytest.approx(np.std([-0.002, -0.001, 0, 0.001, 0.002], ddof=1) / math.sqrt(5))


def test_differences_are_taken_within_a_seed_whatever_the_order_of_lines() -> None:
    table = make_table(sharpness={10.0: 0.02, 100.0: 0.01}, jitter=0.01).sample(frac=1, random_state=0)
    difference = paired_differences(table, "sharpness", 100.0)[10.0]
    assert (difference.low, difference.high) == pytest.approx((0.01, 0.01))


def test_the_noise_of_rows_is_half_the_mean_interval() -> None:
    assert noise_of_rows(make_table(noise=0.003), "test") == pytest.approx(0.003)
