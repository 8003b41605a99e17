import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import DataError, MissingExtraError
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.metrics import auroc
from adue.research.methods import bayesian
from adue.research.methods.bayesian import BAYESIAN_METHODS, kronecker_variance, whole_variance
from adue.research.methods.laplace_torch import laplace_torch
from adue.research.methods.method import FitRows, Method, ScoreRows
from adue.research.methods.swag import draw
from tests.support.rows import random_head, rows_of

METHODS = {method.name: method for method in BAYESIAN_METHODS}


def fit_rows(head: AdueHead, rows: int = 300, wrong: float = 0.1) -> FitRows:
    train, selection, calibration = (rows_of(head, rows, wrong, seed=seed) for seed in range(3))
    return FitRows(train, selection, calibration, head)


def given(rows: FeatureSet) -> ScoreRows:
    return ScoreRows(FeatureSet(rows.features, rows.logits))


HEAD = random_head()
FIT, TEST = fit_rows(HEAD), rows_of(HEAD, 100, seed=9)
HEADS = {
    "one layer": HEAD,
    "two layers": random_head(activation="tanh"),
    "binary": random_head(classes=2),
    "no bias": AdueHead.from_weights(HEAD.shape.model_copy(update={"bias": False}), {"out_weight": HEAD.out_weight}),
}


@pytest.mark.parametrize("method", BAYESIAN_METHODS, ids=lambda method: method.name)
@pytest.mark.parametrize("name", HEADS)
def test_every_kind_of_head_gives_a_probability_per_row(method: Method, name: str) -> None:
    head = HEADS[name]
    before = tensors_sha256(head.state_dict())
    rows = rows_of(head, 100, seed=9)
    u = method.fit(fit_rows(head))(given(rows))
    assert u.shape == (100,)
    assert ((u > 0) & (u < 1)).all()
    assert method.single_pass
    assert method.probability
    assert tensors_sha256(head.state_dict()) == before
    assert not any(parameter.grad is not None for parameter in head.parameters())


@pytest.mark.parametrize("method", BAYESIAN_METHODS, ids=lambda method: method.name)
def test_the_same_seed_gives_the_same_scores(method: Method) -> None:
    first, second = (method.fit(FIT)(given(TEST)) for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize("method", BAYESIAN_METHODS, ids=lambda method: method.name)
def test_rows_are_scored_one_by_one_as_together(method: Method) -> None:
    scorer = method.fit(FIT)
    alone = torch.cat([scorer(given(TEST.select(torch.tensor([row])))) for row in range(10)])
    torch.testing.assert_close(alone, scorer(given(TEST))[:10])


@pytest.mark.parametrize("method", BAYESIAN_METHODS, ids=lambda method: method.name)
def test_a_row_near_the_boundary_scores_higher_than_a_clear_one(method: Method) -> None:
    u = method.fit(fit_rows(HEAD, wrong=0.02))(given(TEST)).numpy()
    unsure = (TEST.logits.softmax(dim=-1).amax(dim=-1) < 0.6).numpy()
    assert auroc(u, unsure) > 0.9


@pytest.mark.parametrize("whole", [0, 10**6])
def test_rows_far_from_the_training_rows_are_less_sure(monkeypatch: pytest.MonkeyPatch, whole: int) -> None:
    # The logits grow with the distance and softmax response falls to 0; the posterior's variance grows faster.
    monkeypatch.setattr(bayesian, "FULL_PARAMETERS", whole)
    scorer = METHODS["last-layer-laplace"].fit(FIT)
    far = FeatureSet(TEST.features * 1000, HEAD.logits(TEST.features * 1000).detach())
    assert far.logits.softmax(dim=-1).amax(dim=-1).mean() > 0.99
    assert scorer(given(far)).mean() > 0.01


@pytest.mark.parametrize(("structure", "variance"), [("kron", kronecker_variance), ("full", whole_variance)])
@pytest.mark.parametrize("bias", [True, False])
def test_the_variances_are_the_librarys_own_computed_without_its_jacobians(
    structure: str, variance: Callable[[Any, Tensor], Tensor], bias: bool
) -> None:
    layer = torch.nn.Linear(6, 4, bias=bias)
    posterior = laplace_torch().Laplace(layer, "classification", subset_of_weights="all", hessian_structure=structure)
    inputs = torch.randn(200, 6)
    posterior.fit(DataLoader(TensorDataset(inputs, torch.randint(4, (200,))), batch_size=50))
    posterior.prior_precision = 3.0
    jacobians, _ = posterior.backend.jacobians(inputs[:7])
    expected = posterior.functional_variance(jacobians).diagonal(dim1=-2, dim2=-1)
    torch.testing.assert_close(variance(posterior, inputs[:7]), expected, rtol=1e-4, atol=1e-6)


def test_whole_and_kronecker_hessian_rank_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    u = []
    for parameters in (0, 10**6):
        monkeypatch.setattr(bayesian, "FULL_PARAMETERS", parameters)
        u.append(METHODS["last-layer-laplace"].fit(FIT)(given(TEST)))
    assert torch.corrcoef(torch.stack(u))[0, 1] > 0.95
    assert not torch.equal(*u)


def test_many_classes_are_fitted_without_jacobians_of_all_of_them() -> None:
    head = random_head(hidden=8, classes=150)
    u = METHODS["last-layer-laplace"].fit(fit_rows(head))(given(rows_of(head, 60, seed=9)))
    assert u.isfinite().all()


def test_the_drawn_heads_have_the_mean_and_covariance_of_the_paper() -> None:
    generator = torch.Generator().manual_seed(0)
    snapshots = torch.randn(5, 3, generator=generator) * torch.tensor([1.0, 2.0, 0.5])
    heads = draw(snapshots, 200_000, generator)
    running = torch.stack([snapshots[: epoch + 1].mean(dim=0) for epoch in range(5)])
    deviations = snapshots - running
    covariance = (torch.diag(snapshots.var(dim=0, correction=0)) + deviations.T @ deviations / 4) / 2
    torch.testing.assert_close(heads.mean(dim=0), snapshots.mean(dim=0), atol=0.02, rtol=0)
    torch.testing.assert_close(torch.cov(heads.T), covariance, atol=0.03, rtol=0)


def test_rows_without_labels_are_refused() -> None:
    unlabelled = FeatureSet(FIT.train.features, FIT.train.logits)
    with pytest.raises(DataError, match="a posterior over the head needs the training rows' labels"):
        METHODS["last-layer-laplace"].fit(replace(FIT, train=unlabelled))
    with pytest.raises(DataError, match="SWAG on the head needs labelled training and selection rows"):
        METHODS["swag-head"].fit(replace(FIT, selection=unlabelled))


def test_features_of_any_size_are_survived_by_a_small_enough_rate_or_refused_in_one_line() -> None:
    def scaled(rows: FeatureSet, by: float) -> FeatureSet:
        return FeatureSet(rows.features * by, rows.logits, rows.labels)

    with pytest.raises(DataError, match="SWAG on the head diverged at every learning rate; look for extreme features"):
        METHODS["swag-head"].fit(replace(FIT, train=scaled(FIT.train, 1e30), selection=scaled(FIT.selection, 1e30)))


def test_a_missing_extra_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "laplace", None)
    with pytest.raises(MissingExtraError, match=r'need laplace-torch .*; run pip install "adue\[laplace\]"'):
        METHODS["last-layer-laplace"].fit(FIT)


def test_loading_the_library_leaves_logging_as_it_was() -> None:
    code = (
        "import logging; from adue.research.methods.laplace_torch import laplace_torch; laplace_torch(); "
        "print(len(logging.root.handlers))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("0", "")


def test_the_methods_do_not_load_the_library_before_it_is_needed() -> None:
    code = "import sys; import adue.research.methods.bayesian; print('laplace' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_predictive_is_the_probit_approximation_of_mackay() -> None:
    # One feature, two classes: everything can be written down.
    head = AdueHead.from_weights(
        HEAD.shape.model_copy(update={"hidden_size": 1, "num_labels": 2, "bias": False}),
        {"out_weight": torch.tensor([[1.0], [-1.0]])},
    )
    rows = fit_rows(head)
    scorer = METHODS["last-layer-laplace"].fit(rows)
    assert rows.train.labels is not None
    p = rows.train.logits.softmax(dim=-1)
    curvature = float((p[:, 0] * p[:, 1] * rows.train.features[:, 0] ** 2).sum())
    x = torch.tensor([[0.5], [2.0]])
    u = scorer(ScoreRows(FeatureSet(x, head.logits(x).detach())))

    def by_hand(prior: float) -> Tensor:
        hessian = curvature * torch.tensor([[1.0, -1.0], [-1.0, 1.0]]) + prior * torch.eye(2)
        variance = torch.linalg.inv(hessian).diagonal() * x.square()
        kappa = 1 / (1 + math.pi / 8 * variance).sqrt()
        u: Tensor = 1 - (kappa * head.logits(x).detach()).softmax(dim=-1).amax(dim=-1)
        return u

    # The prior precision is found by the library: some value explains both rows.
    priors = torch.logspace(-4, 4, 4001).tolist()
    errors = torch.stack([(by_hand(prior) - u.float()).abs().max() for prior in priors])
    assert errors.min() < 1e-3
    assert errors[0] > 1e-2
