import torch

from adue.heads.sweep import balanced_rows, fewer_right_rows
from tests.support.rows import random_head, rows_of


def test_errors_and_right_rows_are_drawn_as_often_as_each_other() -> None:
    errors = torch.zeros(2000, dtype=torch.bool)
    errors[:100] = True
    drawn = balanced_rows(errors, torch.Generator().manual_seed(0))
    assert len(drawn) == 2000
    assert abs(float(errors[drawn].float().mean()) - 0.5) < 0.05


def test_all_errors_stay_and_so_many_right_rows_per_error_with_classes_in_proportion() -> None:
    rows = rows_of(random_head(), rows=600, wrong=0.1)
    few = fewer_right_rows(rows, 3.0, seed=0)
    assert int(few.errors.sum()) == int(rows.errors.sum()) == 60
    assert int((~few.errors).sum()) == 180
    shares = [
        part.predictions[~part.errors].bincount(minlength=3).double() / int((~part.errors).sum())
        for part in (rows, few)
    ]
    torch.testing.assert_close(shares[1], shares[0], atol=0.01, rtol=0.0)


def test_the_rows_left_are_drawn_by_seed_and_keep_their_order() -> None:
    rows = rows_of(random_head(), rows=300)
    first, again, other = (fewer_right_rows(rows, 1.0, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.features, again.features)
    assert not torch.equal(first.features, other.features)
    places = [int((rows.features == row).all(dim=-1).nonzero()) for row in first.features]
    assert places == sorted(places)


def test_a_class_of_a_single_right_row_does_not_stop_it() -> None:
    rows = rows_of(random_head(), rows=300)
    lone = (rows.predictions != 2) | rows.errors
    lone[((rows.predictions == 2) & ~rows.errors).nonzero()[0]] = True
    few = fewer_right_rows(rows.select(lone.nonzero().squeeze(-1)), 0.5, seed=0)
    assert int((~few.errors).sum()) == round(0.5 * int(few.errors.sum()))


def test_where_there_are_no_more_right_rows_than_wanted_all_stay() -> None:
    rows = rows_of(random_head(), rows=100)
    assert fewer_right_rows(rows, 50.0, seed=0) is rows
