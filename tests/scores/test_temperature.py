import numpy as np
import pytest
import scipy.special
import torch
from sklearn.metrics import log_loss

from adue.foundation.errors import DataError
from adue.scores.outputs import error_probability
from adue.scores.temperature import BOUNDS, fit_temperature, temperature_response

DRAW = np.random.default_rng(0)
TRUE_LOGITS = DRAW.normal(scale=2, size=(4000, 4))
LABELS = np.array([DRAW.choice(4, p=p) for p in scipy.special.softmax(TRUE_LOGITS, axis=-1)])


@pytest.mark.parametrize("temperature", [0.25, 1.0, 3.0])
def test_the_temperature_that_spoilt_the_logits_is_found(temperature: float) -> None:
    found = fit_temperature(torch.tensor(TRUE_LOGITS * temperature), torch.tensor(LABELS))
    assert found == pytest.approx(temperature, rel=0.06)


def test_no_other_temperature_has_a_lower_loss() -> None:
    logits = 3 * TRUE_LOGITS[:200]
    found = fit_temperature(torch.tensor(logits), torch.tensor(LABELS[:200]))

    def loss(temperature: float) -> float:
        return float(log_loss(LABELS[:200], scipy.special.softmax(logits / temperature, axis=-1)))

    assert loss(found) <= min(loss(found * factor) for factor in (0.9, 0.999, 1.001, 1.1))


def test_the_scaled_response_is_the_response_of_the_divided_logits() -> None:
    logits = torch.tensor(TRUE_LOGITS[:20])
    torch.testing.assert_close(temperature_response(logits, 2.5), error_probability(logits / 2.5))


@pytest.mark.parametrize(("label", "bound"), [(0, BOUNDS[0]), (1, BOUNDS[1])])
def test_rows_all_right_or_all_wrong_get_a_bound(label: int, bound: float) -> None:
    rows = torch.tensor([[2.0, 0.0], [9.0, 0.0]])
    assert fit_temperature(rows, torch.tensor([label, label])) == pytest.approx(bound, rel=0.2)


def test_the_lowest_temperature_does_not_tie_confident_rows() -> None:
    first, second = temperature_response(torch.tensor([[20.0, 0.0], [22.0, 0.0]]), BOUNDS[0])
    assert first > second > 0


def test_no_rows_are_refused_in_one_line() -> None:
    with pytest.raises(DataError, match=r"^a temperature needs held-out rows .*, got none; set some rows aside"):
        fit_temperature(torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64))
