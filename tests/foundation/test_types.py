import math
from typing import Any

import numpy as np
import pytest
import torch

from adue.foundation.errors import DataError
from adue.foundation.types import OUT_OF_SCOPE, FeatureSet, class_ids

FEATURES = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
LOGITS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
LABELS = torch.tensor([0, 0, 1])


def test_errors_are_where_the_largest_logit_is_not_the_label() -> None:
    rows = FeatureSet(FEATURES, LOGITS, LABELS)
    assert rows.predictions.tolist() == [0, 1, 0]
    assert rows.errors.tolist() == [False, True, True]
    assert (len(rows), rows.num_labels) == (3, 2)


def test_select_keeps_rows_together_by_index_and_by_mask() -> None:
    rows = FeatureSet(FEATURES, LOGITS, LABELS)
    chosen = rows.select(torch.tensor([2, 0]))
    assert chosen.features[:, 0].tolist() == [5.0, 1.0]
    assert chosen.errors.tolist() == [True, False]
    assert rows.select(rows.errors).labels is not None
    assert len(rows.select(rows.errors)) == 2
    assert FeatureSet(FEATURES, LOGITS).select(torch.tensor([1])).labels is None


@pytest.mark.parametrize("labels", [[0.9, 1.2], [0, math.nan], [0, None], ["a", "b"], None, np.array(["a"])])
def test_labels_that_are_not_whole_numbers_are_refused(labels: Any) -> None:
    with pytest.raises(DataError, match=r"^labels must be whole numbers, the index of the class"):
        class_ids(labels)


def test_errors_need_labels() -> None:
    with pytest.raises(DataError, match=r"^these rows have no labels, .*; add a label column$"):
        _ = FeatureSet(FEATURES, LOGITS).errors


def test_rows_must_agree_in_number() -> None:
    with pytest.raises(DataError, match=r"one row per example; they have \[3, 2, 3\] rows: pass arrays of the same"):
        FeatureSet(FEATURES, LOGITS[:2], LABELS)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["features", "logits"])
def test_values_must_be_finite(name: str, value: float) -> None:
    given = {"features": FEATURES.clone(), "logits": LOGITS.clone()}
    given[name][1, 1] = value
    with pytest.raises(DataError, match=rf"^the {name} hold NaN or infinite values in 1 of 3 rows \(first: row 1\); "):
        FeatureSet(**given)


@pytest.mark.parametrize("label", [-2, 2])
def test_labels_must_be_known_classes(label: int) -> None:
    message = r"labels must lie in 0\.\.1, or be -1 where no class fits; found (-2\.\.1|0\.\.2); map the label names"
    with pytest.raises(DataError, match=message):
        FeatureSet(FEATURES, LOGITS, torch.tensor([0, label, 1]))


def test_every_answer_on_a_row_that_no_class_fits_is_an_error() -> None:
    rows = FeatureSet(FEATURES, LOGITS, torch.full((3,), OUT_OF_SCOPE))
    assert rows.errors.tolist() == [True, True, True]


def test_rows_that_no_class_fits_cannot_be_learned_from() -> None:
    rows = FeatureSet(FEATURES, LOGITS, torch.tensor([0, OUT_OF_SCOPE, 1]))
    with pytest.raises(
        DataError, match=r"1 of 3 rows are out of scope \(label -1\), .* no class fits; drop these rows"
    ):
        rows.require_classes()
    assert rows.select(torch.tensor([0, 2])).require_classes().tolist() == [0, 1]


def test_rows_without_labels_cannot_be_learned_from() -> None:
    with pytest.raises(DataError, match="these rows have no labels, and nothing can be learned from them; add a label"):
        FeatureSet(FEATURES, LOGITS).require_classes()


@pytest.mark.parametrize(
    ("features", "logits", "labels", "words"),
    [
        (FEATURES[:, 0], LOGITS, LABELS, r"features must have 2 dimensions, got shape \(3,\)"),
        (FEATURES, LOGITS[:, 0], LABELS, r"logits must have 2 dimensions, got shape \(3,\)"),
        (FEATURES, LOGITS, LABELS[:, None], r"labels must have 1 dimension, got shape \(3, 1\)"),
        (FEATURES, LOGITS[:, :1], LABELS, r"at least two, got 1; for a single logit z pass the two columns 0 and z"),
    ],
)
def test_dimensions_are_checked(features: torch.Tensor, logits: torch.Tensor, labels: torch.Tensor, words: str) -> None:
    with pytest.raises(DataError, match=words):
        FeatureSet(features, logits, labels)
