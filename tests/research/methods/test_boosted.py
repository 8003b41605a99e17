from dataclasses import replace

import numpy as np
import pytest
import torch

from adue.foundation.errors import DataError
from adue.foundation.types import FeatureSet
from adue.heads.head import AdueHead
from adue.metrics import auroc
from adue.research.methods.boosted import BOOSTED_METHODS, Reference, _training_distances
from adue.research.methods.method import FitRows
from tests.research.methods.learnable import u_of, without_errors
from tests.support.rows import random_head

(METHOD,) = BOOSTED_METHODS


def unsure_rows(head: AdueHead, rows: int, seed: int) -> FeatureSet:
    """Rows that are wrong where the two best classes are close, which only logits show."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(rows, head.shape.hidden_size, generator=generator)
    with torch.no_grad():
        logits = head.logits(features)
    best = logits.topk(2).values
    wrong = best[:, 0] - best[:, 1] + 0.3 * torch.randn(rows, generator=generator) < 0.7
    answers = logits.argmax(dim=-1)
    return FeatureSet(features, logits, torch.where(wrong, (answers + 1) % head.shape.num_labels, answers))


def unsure(classes: int = 3, rows: int = 300, hidden: int = 6) -> FitRows:
    head = random_head(hidden, classes)
    train, selection, calibration = (unsure_rows(head, rows, seed) for seed in range(3))
    return FitRows(train, selection, calibration, head)


@pytest.mark.parametrize("classes", [2, 150, 300])
def test_trees_rank_errors_that_logits_give_away(classes: int) -> None:
    rows = unsure(classes)
    test = unsure_rows(rows.classifier_head, 300, seed=9)
    assert auroc(u_of(METHOD, rows, test), test.errors.numpy()) > 0.8


def test_trees_rank_errors_that_only_distances_give_away() -> None:
    def rows_with_outliers(part: FeatureSet) -> FeatureSet:
        # The logits stay what they were, so that they cannot tell.
        far = torch.arange(len(part)) % 5 == 0
        answers = part.predictions
        return FeatureSet(
            torch.where(far.unsqueeze(-1), 4 * part.features, part.features),
            part.logits,
            torch.where(far, (answers + 1) % part.num_labels, answers),
        )

    rows = unsure()
    rows = replace(rows, train=rows_with_outliers(rows.train), selection=rows_with_outliers(rows.selection))
    test = rows_with_outliers(unsure_rows(rows.classifier_head, 300, seed=9))
    assert auroc(u_of(METHOD, rows, test), test.errors.numpy()) > 0.9


def test_the_same_seed_gives_the_same_trees() -> None:
    first, again = (u_of(METHOD, rows, rows.calibration) for rows in (unsure(), unsure()))
    np.testing.assert_array_equal(first, again)


def test_training_rows_are_as_far_from_training_as_new_rows_are() -> None:
    # As many dimensions as a fifth of the rows: measured on themselves, training rows would look nearer by half.
    rows = unsure(rows=100, hidden=20)
    reference = Reference.fit(rows.train, rows.classifier_head)
    own = _training_distances(rows, reference)
    new, naive = (reference.columns(part)[:, -3:] for part in (rows.selection, rows.train))
    np.testing.assert_allclose(np.median(own, axis=0)[[0, 2]], np.median(new, axis=0)[[0, 2]], rtol=0.25)
    assert np.median(naive[:, 0]) < 0.8 * np.median(own[:, 0])


def test_no_training_row_is_its_own_neighbour() -> None:
    rows = unsure(rows=12)
    twice = rows.train.select(torch.arange(12).repeat(2))
    double = replace(rows, train=twice)
    nearest = _training_distances(double, Reference.fit(twice, rows.classifier_head))[:, 2]
    assert (nearest > 0).all()


@pytest.mark.parametrize("part", ["train", "selection"])
def test_rows_without_errors_are_refused(part: str) -> None:
    with pytest.raises(DataError, match=f"undefined on the {part}.*no prediction is wrong"):
        METHOD.fit(without_errors(part))
