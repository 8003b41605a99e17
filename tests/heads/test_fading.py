import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from adue.foundation.config import AutoSettings
from adue.heads.fading import FadingRegression, Learner, Rows, fit_weakest, learners
from adue.metrics import auroc


def rows(size: int = 600, *, seed: int = 0, hint: float = 0.0, worse: float = 0.0) -> Rows:
    """Return inputs of which the first is right about errors; the last adds `hint` log odds, and class 1 `worse`."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(size, 4, generator=generator, dtype=torch.float64)
    answers = torch.randint(2, (size,), generator=generator)
    odds = inputs[:, 0] - 1 + hint * inputs[:, 3] + worse * (2 * answers - 1)
    errors = torch.rand(size, generator=generator, dtype=torch.float64) < odds.sigmoid()
    return inputs, torch.rand(size, generator=generator, dtype=torch.float64), answers, errors


def learner(**options: object) -> Learner:
    """Return the candidate that lets the last input say most."""
    return learners(AutoSettings.from_dict(options), classes=2)[-1]


def chosen(given: Rows, **options: object) -> FadingRegression:
    settings = AutoSettings.from_dict(options)
    return fit_weakest(learners(settings, 2), given, required_gain=settings.required_gain, seed=settings.seed)


def gain_on_new_rows(fitted: FadingRegression, *, hint: float) -> float:
    inputs, _, answers, errors = rows(4000, seed=9, hint=hint)
    u = fitted.log_odds(inputs, torch.zeros(len(inputs)), answers).numpy()
    return float(auroc(u, errors.numpy()) - auroc(inputs[:, 0].numpy(), errors.numpy()))


def test_an_input_that_tells_errors_is_learned_from() -> None:
    assert gain_on_new_rows(learner().fit(*rows(hint=1.0)), hint=1.0) > 0.05


def test_beyond_the_fade_the_log_odds_are_those_of_the_first_input_alone() -> None:
    given = rows(hint=1.0, worse=1.0)
    fitted = learner().fit(*given)
    inputs, _, answers, _ = given
    away = fitted.log_odds(inputs, torch.full((len(inputs),), 2.0, dtype=torch.float64), answers)
    torch.testing.assert_close(away, fitted.without_correction().log_odds(*given[:3]))
    assert kendalltau(away, inputs[:, 0]).statistic == pytest.approx(1)


def test_the_class_fades_before_the_inputs() -> None:
    fitted = learner(fade=[0.5, 0.9], class_fade=[0.1, 0.4]).fit(*rows(worse=1.0))
    inputs = rows(50, seed=3)[0]
    first, second = (torch.full((50,), answer) for answer in (0, 1))
    apart = [
        float((fitted.log_odds(inputs, distance, second) - fitted.log_odds(inputs, distance, first)).mean())
        for distance in torch.tensor([[0.0], [0.25], [0.45]], dtype=torch.float64).expand(3, 50)
    ]
    assert apart[0] > apart[1] > apart[2] == 0


def test_an_input_that_tells_many_errors_is_let_say_most() -> None:
    given = rows(hint=1.5)
    for one, most in zip(chosen(given), learner().fit(*given), strict=True):
        torch.testing.assert_close(one, most, rtol=0, atol=0)


def test_inputs_of_noise_are_seldom_taken_for_a_gain() -> None:
    corrected = [chosen(rows(seed=seed)).corrects for seed in range(40)]
    # One standard error is exceeded by chance in one case of six, were the correction not to cost something itself.
    assert np.mean(corrected) < 1 / 4


def test_of_two_that_gain_as_much_the_weaker_is_taken() -> None:
    given = rows(hint=1.0)
    taken = chosen(given, head_prior_variance=[10.0, 30.0])
    for one, weaker in zip(taken, learner(head_prior_variance=10.0).fit(*given), strict=True):
        torch.testing.assert_close(one, weaker, rtol=0, atol=0)


def test_without_the_gain_that_is_required_the_order_is_that_of_the_first_input() -> None:
    given = rows(hint=1.0)
    fitted = chosen(given, required_gain=100.0)
    assert not fitted.corrects
    assert kendalltau(fitted.log_odds(*given[:3]), given[0][:, 0]).statistic == pytest.approx(1)


def test_a_few_confident_errors_do_not_turn_the_order_of_the_first_input_round() -> None:
    inputs, distance, answers, errors = rows(60)
    errors = torch.zeros_like(errors).index_fill(0, inputs[:, 0].argsort()[:3], value=True)
    fitted = chosen((inputs, distance, answers, errors))
    assert not fitted.corrects
    odds = fitted.log_odds(inputs, distance, answers)
    assert kendalltau(odds, inputs[:, 0]).statistic == pytest.approx(1)
    assert float(odds.sigmoid().mean()) == pytest.approx(3 / 60, rel=0.01)


def test_no_gain_is_asked_for_on_request() -> None:
    given = rows(seed=1)
    for one, other in zip(chosen(given, required_gain=None), learner().fit(*given), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize("kept", [3, 1])
def test_three_errors_are_too_few_to_show_a_gain(kept: int) -> None:
    inputs, distance, answers, errors = rows(hint=1.0)
    assert not chosen((inputs, distance, answers, errors & (errors.cumsum(0) <= kept))).corrects


def test_further_inputs_get_the_prior_of_the_ranking_head() -> None:
    settings = AutoSettings(head_prior_variance=(0.3, 0.01))
    assert [one.prior_variances for one in learners(settings, 2, more_inputs=1)] == [
        (settings.prior_variance, settings.prior_variance, of_head, of_head) for of_head in (0.01, 0.3)
    ]
