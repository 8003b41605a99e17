import numpy as np
import pytest
import torch

from adue.foundation.config import FitSettings, Grid, HeadShape
from adue.foundation.errors import DataError
from adue.heads.sweep import fit_heads
from adue.metrics import auroc
from adue.research.methods.ablations import ABLATION_METHODS, random_head
from adue.research.methods.adue import choose_head
from adue.research.methods.method import Method
from adue.research.methods.single_logit import fit_single_logit
from adue.scores.outputs import softmax_response
from tests.research.methods.learnable import auroc_of, fit_rows, new_rows, u_of, without_errors

EACH = pytest.mark.parametrize("method", ABLATION_METHODS, ids=lambda method: method.name)
FAST = Grid(learning_rate=(0.01,), alpha=(0.01,), beta=(0.01,))
BY_NAME = {method.name: method for method in ABLATION_METHODS}


@pytest.mark.parametrize("name", ["bce-only", "bce-l2sp", "bce-reg"])
def test_a_head_that_starts_from_the_classifier_ranks_errors_that_it_can_learn(name: str) -> None:
    rows = fit_rows()
    new = new_rows(rows)
    reference = float(auroc(softmax_response(new.logits).numpy(), new.errors.numpy()))
    assert auroc_of(BY_NAME[name], rows) > max(0.5, reference) + 0.05


@pytest.mark.parametrize(
    ("name", "alphas", "betas"),
    [
        ("bce-only", (0.0,), (0.0,)),
        ("bce-l2sp", (0.0,), (0.01, 0.1, 1.0)),
        ("bce-reg", (0.01, 0.1, 1.0), (0.0,)),
    ],
)
def test_an_ablation_leaves_terms_out_of_the_loss_and_searches_the_others(
    name: str, alphas: tuple[float, ...], betas: tuple[float, ...]
) -> None:
    rows, new = fit_rows(), new_rows(fit_rows())
    sweep = fit_heads(
        rows.train, rows.selection, rows.classifier_head, Grid(alpha=alphas, beta=betas).points, FitSettings()
    )
    with torch.no_grad():
        expected = sweep.head(sweep.best)(new.features)
    np.testing.assert_array_equal(u_of(BY_NAME[name], rows, new), expected.numpy())


def test_a_random_head_learns_from_where_it_starts() -> None:
    rows = fit_rows()
    start = random_head(rows.classifier_head.shape, torch.Generator().manual_seed(0))
    head = choose_head(rows, start, Grid(learning_rate=(0.03,), alpha=(0.01,), beta=(0.01,)).points)
    with torch.no_grad():
        u = head(new_rows(rows).features).numpy()
    assert auroc(u, new_rows(rows).errors.numpy()) > 0.7


def test_a_random_head_is_drawn_as_torch_draws_linear_layers() -> None:
    head = random_head(HeadShape(hidden_size=400, num_labels=100, activation="tanh"), torch.Generator().manual_seed(0))
    for weight in head.state_dict().values():
        assert 0.95 / 20 < float(weight.abs().max()) <= 1 / 20
        assert abs(float(weight.mean())) < 0.01


def test_one_logit_learns_errors() -> None:
    rows, new = fit_rows(), new_rows(fit_rows())
    layer = fit_single_logit(rows, FAST, FitSettings())
    u = layer(new.features).numpy()
    assert auroc(u, new.errors.numpy()) > 0.9
    assert ((u >= 0) & (u <= 1)).all()


def test_one_logit_is_held_at_its_start_by_a_strong_pull() -> None:
    rows = fit_rows()
    free, held = (
        fit_single_logit(rows, Grid(learning_rate=(0.01,), alpha=(0.0,), beta=(beta,)), FitSettings())
        for beta in (0.0, 1000.0)
    )
    start = fit_single_logit(rows, Grid(learning_rate=(1e-12,)), FitSettings())
    assert (held.weight - start.weight).norm() < 0.1 * (free.weight - start.weight).norm()


def test_one_logit_follows_the_softmax_response_under_a_strong_pull() -> None:
    rows = fit_rows()
    free, pulled = (
        fit_single_logit(rows, Grid(learning_rate=(0.01,), alpha=(alpha,), beta=(0.0,)), FitSettings())
        for alpha in (0.0, 1000.0)
    )
    target = softmax_response(rows.train.logits)
    off = [float((layer(rows.train.features) - target).square().mean()) for layer in (free, pulled)]
    assert off[1] < 0.8 * off[0]


def test_the_point_and_the_epoch_are_chosen_on_the_selection_rows() -> None:
    rows = fit_rows()
    errors = rows.selection.errors.numpy()

    def on_selection(*rates: float) -> float:
        layer = fit_single_logit(rows, Grid(learning_rate=rates), FitSettings())
        return float(auroc(layer(rows.selection.features).numpy(), errors))

    assert on_selection(1e-5, 0.01) >= max(on_selection(1e-5), on_selection(0.01)) - 0.02
    assert on_selection(1e-5, 0.01) > on_selection(1e-5) + 0.1


@pytest.mark.parametrize("name", ["random-head", "random-linear"])
def test_a_random_start_depends_on_the_seed_alone(name: str) -> None:
    first, again, other = (u_of(BY_NAME[name], fit_rows(seed=seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


@EACH
@pytest.mark.slow
def test_an_ablation_works_for_many_classes(method: Method) -> None:
    u = u_of(method, fit_rows(classes=150))
    assert ((u >= 0) & (u <= 1)).all()


@EACH
@pytest.mark.parametrize("part", ["train", "selection"])
def test_rows_without_errors_are_refused(method: Method, part: str) -> None:
    with pytest.raises(DataError, match=r"no prediction is wrong in \d+ rows; give more rows"):
        method.fit(without_errors(part))
