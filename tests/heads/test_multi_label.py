import numpy as np
import pytest
import torch

from adue import DataError, fit_features
from adue.foundation.config import FitSettings, Grid
from adue.foundation.config.multi_label_config import MultiLabelConfig
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.heads.multi_label import (
    FittedLabels,
    LabelRows,
    fit_labels,
    join_tensors,
    label_head,
    split_tensors,
    two_classes,
)
from adue.scores.outputs import softmax_response
from tests.support.rows import random_head

NAMES = {0: "a", 1: "b", 2: "c"}
QUICK = FitSettings(max_epochs=2)
GRID = Grid(learning_rate=(1e-3,), alpha=(0.1,), beta=(0.0,))


def rows_of(head: AdueHead, rows: int, seed: int, *, never_wrong: int | None = None) -> LabelRows:
    """Return rows whose labels are the head's answers with noise; those of one label without."""
    draw = torch.Generator().manual_seed(seed)
    features = torch.randn(rows, head.shape.hidden_size, generator=draw)
    with torch.no_grad():
        logits = head.logits(features)
    labels = logits + 2 * torch.randn(logits.shape, generator=draw) > 0
    if never_wrong is not None:
        labels[:, never_wrong] = logits[:, never_wrong] > 0
    return LabelRows(FeatureSet(features, logits), labels)


@pytest.fixture(scope="module", params=[None, "tanh"])
def head(request: pytest.FixtureRequest) -> AdueHead:
    return random_head(activation=request.param)


def fit(head: AdueHead, **options: int) -> FittedLabels:
    train, validation = rows_of(head, 200, 1, **options), rows_of(head, 150, 2, **options)
    return fit_labels(train, validation, head, id2label=NAMES, settings=QUICK, grid=GRID)


def test_a_label_is_two_classes_whose_probability_is_its_sigmoid() -> None:
    logits = torch.tensor([-3.0, 0.0, 0.5])
    torch.testing.assert_close(two_classes(logits).softmax(dim=-1)[:, 1], logits.sigmoid())
    assert two_classes(logits).argmax(dim=-1).tolist() == [0, 0, 1]


def test_the_head_of_a_label_gives_its_logit_and_zero(head: AdueHead) -> None:
    features = torch.randn(5, head.shape.hidden_size)
    with torch.no_grad():
        own = label_head(head, 1).logits(features)
        torch.testing.assert_close(own, two_classes(head.logits(features)[:, 1]))


def test_u_of_a_label_is_that_of_a_head_fitted_to_it_by_hand(head: AdueHead) -> None:
    train, validation = rows_of(head, 200, 1), rows_of(head, 150, 2)
    u = fit(head).uncertainty(validation.rows.features, validation.rows.logits)
    assert u.shape == (150, 3)
    for index in NAMES:
        pair = torch.stack([torch.zeros(200), train.rows.logits[:, index]], dim=-1)
        held_out = torch.stack([torch.zeros(150), validation.rows.logits[:, index]], dim=-1)
        assert train.labels is not None
        assert validation.labels is not None
        by_hand = fit_features(
            train.rows.features,
            pair,
            train.labels[:, index].long(),
            validation=FeatureSet(validation.rows.features, held_out, validation.labels[:, index].long()),
            classifier_head=label_head(head, index),
            settings=QUICK,
            grid=GRID,
        )
        assert torch.equal(u[:, index], by_hand.uncertainty(validation.rows.features, held_out).double())


def test_a_label_without_errors_gets_the_softmax_response_and_the_others_are_fitted(head: AdueHead) -> None:
    fitted = fit(head, never_wrong=1)
    rows = rows_of(head, 50, 3)
    assert [label.head is None for label in fitted.config.labels] == [False, True, False]
    assert fitted.config.labels[1].reason == "0 of 150 validation answers are wrong"
    u = fitted.uncertainty(rows.rows.features, rows.rows.logits)
    assert torch.equal(u[:, 1], softmax_response(two_classes(rows.rows.logits[:, 1])).double())


def test_rows_on_which_no_label_can_be_learned_are_refused(head: AdueHead) -> None:
    rows = rows_of(head, 50, 1)
    right = LabelRows(rows.rows, rows.predictions)
    with pytest.raises(DataError, match=r"no label can be learned from .a: 0 of 50 validation answers are wrong"):
        fit_labels(right, right, head, id2label=NAMES)


def test_heads_are_the_same_after_a_way_through_tensors_and_configuration(head: AdueHead) -> None:
    fitted, rows = fit(head, never_wrong=0), rows_of(head, 50, 3).rows
    config = MultiLabelConfig.from_dict(fitted.config.to_dict())
    assert config == fitted.config
    again = split_tensors(join_tensors(fitted.heads), config)
    assert torch.equal(again.uncertainty(rows.features, rows.logits), fitted.uncertainty(rows.features, rows.logits))


def test_tensors_that_all_labels_have_alike_are_stored_once() -> None:
    head = random_head()
    fitted = fit(head).heads
    same = join_tensors((fitted[0], fitted[0]))
    assert all(name.startswith("shared.") for name in same)


def test_logits_of_another_model_are_refused(head: AdueHead) -> None:
    rows = rows_of(head, 5, 1).rows
    with pytest.raises(DataError, match="the rows have 2 logits, the heads were fitted to 3 labels"):
        fit(head).uncertainty(rows.features, rows.logits[:, :2])


def test_labels_need_a_yes_or_no_for_every_row_and_label(head: AdueHead) -> None:
    rows = rows_of(head, 5, 1)
    with pytest.raises(DataError, match=r"the labels have shape \(5, 2\), the logits \(5, 3\)"):
        LabelRows(rows.rows, rows.predictions[:, :2])
    assert np.array_equal(rows.errors, (rows.predictions != rows.labels))
