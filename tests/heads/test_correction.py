import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from adue.foundation.config import AutoSettings, HeadShape
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.correction import CorrectedResponse
from adue.heads.head import AdueHead
from adue.metrics import auroc
from adue.scores.outputs import error_probability

CLASSIFIER_HEAD = AdueHead.from_weights(
    HeadShape(hidden_size=4, num_labels=2), {"out_weight": torch.eye(2, 4), "out_bias": torch.zeros(2)}
)


def rows(size: int = 400, *, seed: int = 0, second_is_worse: float = 0.0, away: float = 0.0) -> FeatureSet:
    """Return rows whose answers are wrong as often as they claim.

    The second class is wrong more often by `second_is_worse` log odds; `away` turns the features away from those of
    other rows.
    """
    generator = torch.Generator().manual_seed(seed)
    gaps = 2 * torch.randn(size, generator=generator)
    logits = torch.stack([gaps, torch.zeros(size)], dim=-1)
    features = torch.cat([logits, torch.ones(size, 1), torch.zeros(size, 1)], dim=-1)
    features = features + 0.3 * torch.randn(features.shape, generator=generator)
    features[:, -1] += away
    answers = logits.argmax(dim=-1)
    odds = -gaps.abs() + second_is_worse * (2 * answers - 1)
    wrong = torch.rand(size, generator=generator) < odds.sigmoid()
    return FeatureSet(features, logits, torch.where(wrong, 1 - answers, answers))


def fit(held_out: FeatureSet | None = None, **options: float) -> CorrectedResponse:
    return CorrectedResponse.fit(rows(seed=1), held_out or rows(seed=2), CLASSIFIER_HEAD, AutoSettings(**options))


def score(correction: CorrectedResponse, given: FeatureSet) -> np.ndarray:
    return np.asarray(correction(given.features, given.logits))


def test_u_is_a_calibrated_probability_of_error() -> None:
    given = rows(20_000, seed=3)
    u, wrong = score(fit(rows(4000, seed=2)), given), given.errors.numpy()
    for low, high in ((0.0, 0.1), (0.1, 0.3), (0.3, 1.0)):
        inside = (u >= low) & (u < high)
        assert u[inside].mean() == pytest.approx(wrong[inside].mean(), abs=0.05)


def test_a_class_that_is_wrong_more_often_gets_a_higher_u_at_home() -> None:
    given = rows(2000, seed=3, second_is_worse=1.5)
    wrong = given.errors.numpy()
    corrected = score(fit(rows(1000, seed=2, second_is_worse=1.5), prior_variance=1.0), given)
    assert auroc(corrected, wrong) > auroc(error_probability(given.logits).numpy(), wrong) + 0.01


def test_far_from_the_training_rows_u_ranks_as_the_softmax_response() -> None:
    correction = fit(rows(1000, seed=2, second_is_worse=1.5), prior_variance=1.0)
    home, away = rows(seed=3, second_is_worse=1.5), rows(seed=3, second_is_worse=1.5, away=100.0)
    assert kendalltau(score(correction, away), error_probability(away.logits)).statistic == pytest.approx(1)
    assert kendalltau(score(correction, home), error_probability(home.logits)).statistic < 0.99


def test_a_tiny_prior_variance_leaves_the_softmax_response() -> None:
    given = rows(seed=3)
    u = score(fit(rows(seed=2, second_is_worse=1.5), prior_variance=1e-12, head_prior_variance=1e-12), given)
    assert kendalltau(u, error_probability(given.logits)).statistic == pytest.approx(1, abs=1e-6)


def test_the_same_seed_gives_the_same_correction_and_another_seed_other_references() -> None:
    one, same = fit(seed=0, reference_rows=50), fit(seed=0, reference_rows=50)
    other = fit(seed=1, reference_rows=50)
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), same.state_dict().values(), strict=True))
    assert one.reference.shape == (50, 4)
    assert not torch.equal(one.reference, other.reference)


def test_the_global_generator_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    fit()
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.fixture(scope="module")
def fitted() -> CorrectedResponse:
    """One that nobody changes."""
    return fit()


@settings(max_examples=25, deadline=None)
@given(scale=st.floats(1e-3, 1e4), seed=st.integers(0, 1000))
def test_u_is_a_probability_for_any_finite_row(fitted: CorrectedResponse, scale: float, seed: int) -> None:
    given = rows(20, seed=seed)
    u = fitted(given.features * scale, given.logits * scale)
    assert ((u >= 0) & (u <= 1)).all()


def test_u_of_a_row_does_not_depend_on_the_other_rows(fitted: CorrectedResponse) -> None:
    correction, given = fitted, rows(30, seed=3)
    alone = np.concatenate([score(correction, given.select(torch.tensor([row]))) for row in range(len(given))])
    np.testing.assert_allclose(alone, score(correction, given), rtol=1e-9)


def test_training_rows_that_are_all_the_same_still_give_a_probability() -> None:
    same = FeatureSet(torch.ones(10, 4), torch.tensor([[1.0, 0.0]]).expand(10, 2), torch.zeros(10, dtype=torch.int64))
    correction = CorrectedResponse.fit(same, rows(seed=2), CLASSIFIER_HEAD)
    assert np.isfinite(score(correction, rows(seed=3))).all()


def test_held_out_rows_without_errors_are_refused() -> None:
    right = rows(seed=2)
    with pytest.raises(DataError, match=r"^AUROC is undefined on the validation data: no prediction is wrong in 3"):
        fit(right.select(~right.errors))


def test_a_single_training_row_is_refused() -> None:
    with pytest.raises(DataError, match=r"^distances need at least 2 training rows, got 1; give more rows$"):
        CorrectedResponse.fit(rows(1), rows(seed=2), CLASSIFIER_HEAD)
