import random

import pytest
import torch

from adue.models.features.batches import Budget, batch_tokens_for

LENGTHS = [random.Random(5).randint(1, 60) for _ in range(200)]


@pytest.mark.parametrize(("rows", "tokens"), [(1, 1), (7, 64), (32, 300), (500, 10**6)])
def test_every_row_is_in_one_batch_longest_first(rows: int, tokens: int) -> None:
    batches = Budget(rows, tokens).batches(LENGTHS)
    order = [row for batch in batches for row in batch]
    assert sorted(order) == list(range(len(LENGTHS)))
    lengths = [LENGTHS[row] for row in order]
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize(("rows", "tokens"), [(1, 1), (7, 64), (32, 300)])
def test_a_batch_keeps_within_rows_and_padded_tokens_unless_one_text_is_longer(rows: int, tokens: int) -> None:
    for batch in Budget(rows, tokens).batches(LENGTHS):
        padded = len(batch) * max(LENGTHS[row] for row in batch)
        assert len(batch) <= rows
        assert padded <= tokens or len(batch) == 1


def test_short_texts_go_together_in_larger_batches_than_long_ones() -> None:
    sizes = [len(batch) for batch in Budget(rows=100, tokens=400).batches([200] * 10 + [4] * 100)]
    assert sizes == [2, 2, 2, 2, 2, 100]


def test_rows_of_one_length_keep_their_order() -> None:
    assert Budget(rows=2, tokens=100).batches([5, 5, 5]) == [[0, 1], [2]]


def test_no_rows_give_no_batch_and_a_row_without_tokens_is_not_lost() -> None:
    assert Budget(rows=2, tokens=8).batches([]) == []
    assert Budget(rows=2, tokens=8).batches([0]) == [[0]]


def test_a_processor_gets_smaller_batches_than_other_devices() -> None:
    assert batch_tokens_for(torch.device("cpu")) < batch_tokens_for(torch.device("cuda"))
