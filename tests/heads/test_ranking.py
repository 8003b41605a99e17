import pytest
import torch

from adue.foundation.config import AutoSettings
from adue.foundation.types import FeatureSet
from adue.heads.ranking import fit_ranking_head, ranking_epochs
from adue.metrics import auroc
from adue.scores.outputs import error_log_odds
from tests.support.rows import random_head, rows_of

HEAD = random_head()
SETTINGS = AutoSettings(head_learning_rate=0.05, head_epochs=10, head_batch_size=50)


def test_errors_that_can_be_learned_are_ranked_above_right_answers() -> None:
    head, new = fit_ranking_head(rows_of(HEAD), HEAD, SETTINGS), rows_of(HEAD, seed=1)
    u = error_log_odds(head.logits(new.features)).numpy()
    assert auroc(u, new.errors.numpy()) > auroc(error_log_odds(new.logits).numpy(), new.errors.numpy()) + 0.1


def test_a_two_layer_head_is_trained_whole() -> None:
    classifier_head = random_head(activation="tanh")
    head = fit_ranking_head(rows_of(classifier_head), classifier_head, SETTINGS)
    assert not torch.equal(head.state_dict()["dense_weight"], classifier_head.state_dict()["dense_weight"])


def test_the_classifiers_head_and_the_global_generator_are_left_alone() -> None:
    before, state = {name: w.clone() for name, w in HEAD.state_dict().items()}, torch.random.get_rng_state()
    fit_ranking_head(rows_of(HEAD), HEAD, SETTINGS)
    assert all(torch.equal(w, before[name]) for name, w in HEAD.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), state)


def test_rows_that_are_all_right_leave_the_head_as_it_was() -> None:
    rows = rows_of(HEAD)
    head = fit_ranking_head(FeatureSet(rows.features, rows.logits, rows.predictions), HEAD, SETTINGS)
    assert all(torch.equal(w, HEAD.state_dict()[name]) for name, w in head.state_dict().items())


def test_a_strong_pull_keeps_the_head_near_its_start() -> None:
    free, held = (
        fit_ranking_head(rows_of(HEAD), HEAD, SETTINGS.model_copy(update={"head_beta": beta})) for beta in (0.0, 100.0)
    )
    moved = [float((head.out_weight - HEAD.out_weight).detach().norm()) for head in (free, held)]
    assert moved[1] < moved[0] / 5


def test_no_more_steps_are_taken_than_asked_for() -> None:
    rows = rows_of(HEAD)
    stopped, whole = (
        fit_ranking_head(rows, HEAD, SETTINGS.model_copy(update=update))
        for update in ({"head_steps": 4}, {"head_epochs": 1, "head_steps": 10**6})
    )
    assert len(rows) == 4 * SETTINGS.head_batch_size
    assert torch.equal(stopped.out_weight, whole.out_weight)


@pytest.mark.parametrize(("rows", "epochs"), [(0, 10), (50, 10), (1000, 10), (10_000, 1), (15_000, 1), (3000, 4)])
def test_epochs_are_counted_when_they_begin(rows: int, epochs: int) -> None:
    settings = SETTINGS.model_copy(update={"head_steps": 200})
    assert ranking_epochs(rows, settings) == epochs
