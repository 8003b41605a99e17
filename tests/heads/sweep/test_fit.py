import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR

from adue.foundation.config import GRIDS, Activation, FitSettings, Grid, HyperParameters, ScoreName
from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead, uncertainty
from adue.heads.sweep import SweepResult, fewer_right_rows, fit_heads
from adue.heads.sweep.stack import HeadStack
from adue.metrics import auroc
from adue.scores.outputs import softmax_response
from tests.support.rows import random_head, rows_of

SETTINGS = FitSettings(max_epochs=6, batch_size=32, patience=3)
GRID = Grid(learning_rate=(0.05, 0.003), alpha=(0.1, 1.0), beta=(0.01,))


def drawn_batches(errors: Tensor, settings: FitSettings) -> list[list[Tensor]]:
    """All batches of all epochs: with replacement, each row weighted by the inverse frequency of its kind."""
    frequency = torch.where(errors, errors.double().mean(), 1 - errors.double().mean())
    generator = torch.Generator().manual_seed(settings.seed)
    return [
        list(torch.multinomial(1 / frequency, len(errors), True, generator=generator).split(settings.batch_size))
        for _ in range(settings.max_epochs)
    ]


def fit_one_head(
    train: FeatureSet, validation: FeatureSet, classifier_head: AdueHead, point: HyperParameters, settings: FitSettings
) -> tuple[float, int, dict[str, Tensor]]:
    """The method written down for one head at a time: validation AUROC, best epoch, and the weights of that epoch.

    In float64: autograd through the clamped SmoothMax loses digits that the closed form keeps.
    """
    head = AdueHead.from_weights(
        classifier_head.shape, classifier_head.state_dict(), settings.score, settings.sharpness
    ).double()
    features, logits = train.features.double(), train.logits.double()
    optimizer = torch.optim.Adam(head.parameters(), lr=point.learning_rate)
    epochs = drawn_batches(train.errors, settings)
    schedule = OneCycleLR(
        optimizer,
        point.learning_rate,
        total_steps=sum(len(batches) for batches in epochs),
        pct_start=settings.warmup_fraction,
        cycle_momentum=False,
    )
    best, best_epoch, kept = -1.0, 0, {}
    for epoch, batches in enumerate(epochs, start=1):
        for rows in batches:
            u = uncertainty(head.logits(features[rows]), settings.score, settings.sharpness)
            e, u0 = train.errors[rows].double(), softmax_response(logits[rows])
            loss = torch.nn.functional.binary_cross_entropy(u, e) + point.alpha * ((u - u0) ** 2).mean()
            for name, weight in head.named_parameters():
                loss = loss + point.beta * ((weight - classifier_head.get_parameter(name)) ** 2).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        with torch.no_grad():
            now = float(roc_auc_score(validation.errors, head(validation.features.double())))
        if now > best + 1e-12:
            best, best_epoch, kept = now, epoch, {n: w.clone() for n, w in head.state_dict().items()}
        if epoch - best_epoch >= settings.patience:
            break
    return best, best_epoch, kept


def fit(settings: FitSettings = SETTINGS, activation: Activation | None = None, grid: Grid = GRID) -> SweepResult:
    head = random_head(activation=activation)
    return fit_heads(rows_of(head), rows_of(head, seed=1), head, grid.points, settings)


def assert_equal_to_one_head_after_the_other(
    head: AdueHead, validation: FeatureSet, points: list[HyperParameters], settings: FitSettings
) -> None:
    train = rows_of(head)
    result = fit_heads(train, validation, head, points, settings)
    for index, point in enumerate(points):
        value, epoch, weights = fit_one_head(train, validation, head, point, settings)
        # Of 75,000 pairs rounding reverses a few: at most ten on the processors seen, AVX2 and AVX-512.
        assert result.validation_auroc[index] == pytest.approx(value, abs=2e-4)
        assert result.epochs[index] == epoch
        for name, weight in weights.items():
            torch.testing.assert_close(result.weights[name][index].double(), weight, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("score", ["smoothmax", "log_smoothmax", "entropy"])
@pytest.mark.parametrize("activation", [None, "tanh"])
def test_the_stacked_sweep_equals_one_head_after_the_other(score: ScoreName, activation: Activation | None) -> None:
    settings = FitSettings(max_epochs=6, batch_size=32, patience=3, score=score)
    head = random_head(activation=activation)
    assert_equal_to_one_head_after_the_other(head, rows_of(head, seed=1), GRID.points, settings)


@pytest.mark.parametrize("score", ["smoothmax", "log_smoothmax", "entropy"])
@pytest.mark.parametrize("activation", [None, "tanh"])
def test_two_classes_learned_as_one_gap_equal_two_rows_of_weights(
    score: ScoreName, activation: Activation | None
) -> None:
    settings = FitSettings(max_epochs=6, batch_size=32, patience=3, score=score)
    head = random_head(classes=2, activation=activation)
    # With larger rates rounding alone sends a head elsewhere.
    points = Grid(learning_rate=(0.01, 0.003), alpha=(0.1, 1.0), beta=(0.01,)).points
    assert_equal_to_one_head_after_the_other(head, rows_of(head, rows=600, seed=1), points, settings)


def test_the_weights_kept_are_those_of_the_best_epoch() -> None:
    # A rate far too high: the heads get worse after a while, and the sweep must not return their last state.
    grid = Grid(learning_rate=(1.0, 0.01), alpha=(0.1,), beta=(0.0,))
    settings = FitSettings(max_epochs=8, batch_size=32, patience=2, score="log_smoothmax")
    result = fit(settings, grid=grid)
    validation = rows_of(random_head(), seed=1)
    assert min(result.epochs) < settings.max_epochs
    for index in range(len(grid.points)):
        with torch.no_grad():
            u = result.head(index)(validation.features)
        assert auroc(u.double().numpy(), validation.errors.numpy()) == pytest.approx(result.validation_auroc[index])


def test_every_head_stops_by_itself_and_the_sweep_stops_with_the_last() -> None:
    seen: list[int] = []
    head = random_head()
    settings = FitSettings(max_epochs=50, patience=2)
    # Rates so small that no ranking changes after the first epoch.
    points = [HyperParameters(learning_rate=1e-12), HyperParameters(learning_rate=1e-11)]
    result = fit_heads(rows_of(head), rows_of(head, seed=1), head, points, settings, on_epoch=seen.append)
    assert result.epochs == (1, 1)
    assert seen == [1, 2, 3]


def test_a_head_that_has_stopped_stays_stopped_while_others_go_on() -> None:
    head, seen = random_head(), list[int]()
    train, validation = rows_of(head), rows_of(head, seed=1)
    points = Grid(learning_rate=(1.0, 0.3, 0.1, 0.03, 0.001), alpha=(0.1,), beta=(0.0,)).points
    hasty = FitSettings(max_epochs=12, batch_size=32, patience=1)
    stopping = fit_heads(train, validation, head, points, hasty, on_epoch=seen.append)
    patient = fit_heads(train, validation, head, points, hasty.model_copy(update={"patience": 12}))
    assert stopping.epochs == tuple(fit_one_head(train, validation, head, point, hasty)[1] for point in points)
    # Some head would have found a better epoch while the sweep was still running.
    epochs = zip(stopping.epochs, patient.epochs, strict=True)
    assert any(early < late <= max(seen) for early, late in epochs)


def test_the_best_is_the_first_of_equals() -> None:
    point = HyperParameters(learning_rate=0.01)
    head = random_head()
    points = [HyperParameters(learning_rate=1e-12), point, point]
    result = fit_heads(rows_of(head), rows_of(head, seed=1), head, points, SETTINGS)
    assert result.validation_auroc[1] == result.validation_auroc[2] > result.validation_auroc[0]
    assert result.best == 1


def test_the_same_seed_gives_the_same_heads_and_another_seed_others() -> None:
    first, again, other = fit(), fit(), fit(SETTINGS.model_copy(update={"seed": 1}))
    for name, weights in first.weights.items():
        assert torch.equal(weights, again.weights[name])
        assert not torch.equal(weights, other.weights[name])
    np.testing.assert_array_equal(first.validation_auroc, again.validation_auroc)


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    fit()
    assert torch.equal(torch.get_rng_state(), before)


def test_the_classifiers_head_is_not_changed() -> None:
    head = random_head()
    before = {name: weight.clone() for name, weight in head.state_dict().items()}
    fit_heads(rows_of(head), rows_of(head, seed=1), head, GRID.points, SETTINGS)
    assert all(torch.equal(weight, before[name]) for name, weight in head.state_dict().items())
    assert all(parameter.grad is None for parameter in head.parameters())


@pytest.mark.parametrize("score", ["smoothmax", "log_smoothmax", "entropy"])
def test_a_fitted_head_beats_softmax_response_where_features_tell_of_errors(score: ScoreName) -> None:
    head = random_head()
    train, validation, test = (rows_of(head, 600, seed=seed) for seed in range(3))
    settings = FitSettings(max_epochs=15, batch_size=64, score=score)
    points = Grid(learning_rate=(0.1, 0.02), alpha=(0.01,), beta=(0.0,)).points
    result = fit_heads(train, validation, head, points, settings)
    with torch.no_grad():
        u = result.head(result.best)(test.features)
    reference = float(roc_auc_score(test.errors, softmax_response(test.logits)))
    assert reference < 0.6
    assert float(roc_auc_score(test.errors, u)) > reference + 0.15


def test_a_strong_pull_to_the_start_keeps_the_head_at_the_start() -> None:
    def distance(beta: float) -> float:
        result = fit(grid=Grid(learning_rate=(0.01,), alpha=(0.0,), beta=(beta,)))
        return float((result.weights["out_weight"][0] - random_head().out_weight.detach()).norm())

    assert distance(100.0) < 0.2 * distance(0.0)


@pytest.mark.parametrize(("epochs", "warmup"), [(1, 0.1), (10, 0.1), (4, 0.25), (3, 0.0), (2, 0.99)])
def test_any_length_of_warm_up_is_possible(epochs: int, warmup: float) -> None:
    settings = FitSettings(max_epochs=epochs, warmup_fraction=warmup, patience=100)
    assert fit(settings).validation_auroc.shape == (4,)


@pytest.mark.parametrize(("which", "name"), [(0, "training"), (1, "validation")])
@pytest.mark.parametrize(
    ("all_wrong", "state"), [(False, "no prediction is wrong"), (True, "every prediction is wrong")]
)
def test_rows_without_both_kinds_are_refused(which: int, name: str, all_wrong: bool, state: str) -> None:
    head = random_head()
    sets = [rows_of(head), rows_of(head, seed=1)]
    answers = sets[which].predictions
    labels = (answers + 1) % 3 if all_wrong else answers
    sets[which] = FeatureSet(sets[which].features, sets[which].logits, labels)
    with pytest.raises(DataError, match=f"^AUROC is undefined on the {name} data: {state} in 200 rows; "):
        fit_heads(sets[0], sets[1], head, GRID.points, SETTINGS)


@pytest.mark.parametrize("other", [random_head(hidden=5), random_head(classes=4)])
def test_rows_of_another_classifier_are_refused(other: AdueHead) -> None:
    head = random_head()
    with pytest.raises(DataError, match=r"^the validation rows have [56] features and [34] classes, the head has 6 "):
        fit_heads(rows_of(head), rows_of(other), head, GRIDS["fast"].points, SETTINGS)


def test_a_sweep_in_which_every_head_diverges_says_so() -> None:
    head = random_head()
    points = [HyperParameters(learning_rate=1e38, alpha=0.1, beta=0.0)]
    with pytest.raises(DataError, match="none of 1 heads could be trained: every U became NaN; use smaller learning"):
        fit_heads(rows_of(head), rows_of(head, seed=1), head, points, SETTINGS)


def test_points_may_differ_in_score_sharpness_and_seed_and_come_out_as_if_trained_alone() -> None:
    head = random_head()
    train, validation = rows_of(head), rows_of(head, seed=1)
    points = Grid(
        learning_rate=(0.01, 0.1),
        alpha=(0.1,),
        beta=(0.01,),
        score=("smoothmax", "entropy"),
        sharpness=(20,),
        seed=(0, 3),
    ).points
    points.append(HyperParameters(learning_rate=0.02, score="log_smoothmax", sharpness=7.0))
    together = fit_heads(train, validation, head, points, SETTINGS)
    for index, point in enumerate(points):
        alone = fit_heads(train, validation, head, [point], SETTINGS)
        assert together.validation_auroc[index] == pytest.approx(alone.validation_auroc[0], abs=1e-6)
        assert together.epochs[index] == alone.epochs[0]
        torch.testing.assert_close(together.weights["out_weight"][index], alone.weights["out_weight"][0])
        fitted = together.head(index)
        assert (fitted.score, fitted.sharpness) == (point.score or "smoothmax", point.sharpness or 100.0)


def test_a_seed_of_a_point_is_that_of_the_settings_where_it_says_none() -> None:
    head = random_head()
    train, validation = rows_of(head), rows_of(head, seed=1)
    point = HyperParameters(learning_rate=0.05)
    seeded = fit_heads(train, validation, head, [point.model_copy(update={"seed": 5})], SETTINGS)
    by_settings = fit_heads(train, validation, head, [point], SETTINGS.model_copy(update={"seed": 5}))
    assert torch.equal(seeded.weights["out_weight"], by_settings.weights["out_weight"])
    assert not torch.equal(
        seeded.weights["out_weight"], fit_heads(train, validation, head, [point], SETTINGS).weights["out_weight"]
    )


def test_a_point_whose_score_and_sharpness_do_not_go_together_is_refused() -> None:
    head = random_head()
    points = [HyperParameters(score="log_smoothmax", sharpness=0.5)]
    with pytest.raises(DataError, match="log_smoothmax needs a sharpness above 1"):
        fit_heads(rows_of(head), rows_of(head, seed=1), head, points, SETTINGS)


def test_a_frozen_dense_layer_stays_and_the_projection_learns_as_a_linear_head_does() -> None:
    head = random_head(activation="tanh")
    train, validation = rows_of(head), rows_of(head, seed=1)
    frozen = fit_heads(train, validation, head, GRID.points, SETTINGS.model_copy(update={"train_dense": False}))
    for name in ("dense_weight", "dense_bias"):
        assert all(torch.equal(weight, head.state_dict()[name]) for weight in frozen.weights[name])
    assert not torch.equal(frozen.weights["out_weight"][0], head.out_weight.detach())
    for index in range(len(GRID.points)):
        with torch.no_grad():
            u = frozen.head(index)(validation.features)
        assert auroc(u.double().numpy(), validation.errors.numpy()) == pytest.approx(
            frozen.validation_auroc[index], abs=1e-6
        )


def test_freezing_the_dense_layer_of_a_linear_head_changes_nothing() -> None:
    plain, frozen = fit(), fit(SETTINGS.model_copy(update={"train_dense": False}))
    assert torch.equal(plain.weights["out_weight"], frozen.weights["out_weight"])


def test_successive_halving_keeps_the_best_heads_of_every_seed_going() -> None:
    head = random_head()
    train, validation = rows_of(head), rows_of(head, seed=1)
    points = Grid(learning_rate=(0.3, 0.03, 0.003, 1e-9), alpha=(0.1,), beta=(0.0,), seed=(0, 1)).points
    settings = FitSettings(max_epochs=10, batch_size=32, patience=10)
    whole = fit_heads(train, validation, head, points, settings)
    halved = fit_heads(train, validation, head, points, settings.model_copy(update={"halving_factor": 2}))
    for seed in (0, 1):
        late = [index for index, point in enumerate(points) if point.seed == seed and halved.epochs[index] > 3]
        assert len(late) <= 2
        # A head that went on to the end is the very head of the whole grid.
        winner = max(late, key=lambda index: halved.validation_auroc[index])
        assert halved.validation_auroc[winner] == pytest.approx(whole.validation_auroc[winner], abs=1e-6)
    assert bool((halved.validation_auroc <= whole.validation_auroc + 1e-6).all())


def test_a_grid_of_one_survives_halving() -> None:
    settings = SETTINGS.model_copy(update={"halving_factor": 3})
    point = Grid(learning_rate=(0.05,), alpha=(0.1,), beta=(0.01,))
    assert fit(settings, grid=point).epochs == fit(grid=point).epochs


def test_fewer_right_rows_make_epochs_shorter_and_leave_every_error_in() -> None:
    head = random_head()
    train, validation = rows_of(head), rows_of(head, seed=1)
    few = fit_heads(train, validation, head, GRID.points, SETTINGS.model_copy(update={"right_per_error": 1.0}))
    by_hand = fit_heads(fewer_right_rows(train, 1.0, SETTINGS.seed), validation, head, GRID.points, SETTINGS)
    assert torch.equal(few.weights["out_weight"], by_hand.weights["out_weight"])
    every = fit_heads(train, validation, head, GRID.points, SETTINGS.model_copy(update={"right_per_error": 1000.0}))
    assert torch.equal(every.weights["out_weight"], fit().weights["out_weight"])


def test_a_device_by_name_gives_the_same_heads_on_the_cpu() -> None:
    head = random_head()
    rows = rows_of(head), rows_of(head, seed=1)
    named = fit_heads(*rows, head, GRID.points, SETTINGS, device=torch.device("cpu", 0))
    assert named.weights["out_weight"].device == torch.device("cpu")
    assert torch.equal(named.weights["out_weight"], fit().weights["out_weight"])


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_features_of_another_type_are_learned_from_in_float32(kind: torch.dtype) -> None:
    head = random_head()
    rows = rows_of(head), rows_of(head, seed=1)
    train, validation = (FeatureSet(part.features.to(kind), part.logits, part.labels) for part in rows)
    found = fit_heads(train, validation, head, GRID.points, SETTINGS)
    train, validation = (FeatureSet(part.features.float(), part.logits, part.labels) for part in (train, validation))
    expected = fit_heads(train, validation, head, GRID.points, SETTINGS)
    assert torch.equal(found.weights["out_weight"], expected.weights["out_weight"])


def test_a_batch_may_be_larger_than_all_rows() -> None:
    head = random_head()
    rows = rows_of(head), rows_of(head, seed=1)
    huge, whole = (
        fit_heads(*rows, head, GRID.points, SETTINGS.model_copy(update={"batch_size": size}))
        for size in (10**12, len(rows[0]))
    )
    assert torch.equal(huge.weights["out_weight"], whole.weights["out_weight"])


def test_validation_rows_are_judged_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fit()
    judged: list[int] = []
    uncertainty_of = HeadStack.uncertainty

    def counted(stack: HeadStack, features: Tensor) -> Tensor:
        judged.append(len(features))
        return uncertainty_of(stack, features)

    monkeypatch.setattr("adue.heads.sweep.fit.JUDGED_ROWS", 7)
    monkeypatch.setattr(HeadStack, "uncertainty", counted)
    np.testing.assert_allclose(fit().validation_auroc, whole.validation_auroc, atol=1e-6)
    assert max(judged) == 7


def test_a_callback_may_use_autograd() -> None:
    gradients: list[Tensor] = []

    def on_epoch(_: int) -> None:
        weight = torch.ones(1, requires_grad=True)
        (3 * weight).sum().backward()
        assert weight.grad is not None
        gradients.append(weight.grad)

    head = random_head()
    fit_heads(rows_of(head), rows_of(head, seed=1), head, GRID.points, SETTINGS, on_epoch=on_epoch)
    assert gradients[0].item() == 3


@pytest.mark.parametrize("worth", [0, 2**60])
def test_the_number_of_threads_is_what_it_was_and_changes_no_head(worth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adue.heads.sweep.fit.WORTH_SHARING", worth)
    before = torch.get_num_threads()
    result = fit()
    assert torch.get_num_threads() == before
    np.testing.assert_allclose(result.validation_auroc, fit().validation_auroc, atol=1e-6)
