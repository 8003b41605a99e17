from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from adue import AdueModel
from adue.foundation.errors import ArtifactError
from adue.models.features import shards as module
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.shards import in_shards, like_length, rows_key
from adue.models.pretrained.tokens import Encoding
from tests.support.adapters import random_texts, save_tiny_adapter
from tests.support.disk import files_up_to

TEXTS = random_texts(25, seed=3)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> FrozenClassifier:
    return AdueModel.from_pretrained(save_tiny_adapter(tmp_path_factory.mktemp("bert"), "bert")).classifier


class Lengths:
    """Computes the number of tokens per text and counts how many texts it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, rows: Sequence[Encoding]) -> Tensor:
        self.asked += len(rows)
        return torch.tensor([[len(row.inputs["input_ids"])] for row in rows])


@pytest.fixture(autouse=True)
def _small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARD_ROWS", 10)


def test_values_come_in_the_order_of_the_texts(classifier: FrozenClassifier) -> None:
    found = list(in_shards(classifier, TEXTS, Lengths()))
    assert [len(shard) for shard in found] == [10, 10, 5]
    expected = [len(row.inputs["input_ids"]) for row in classifier.tokenize(TEXTS)]
    assert torch.cat(found).flatten().tolist() == expected


def test_a_stopped_run_goes_on_and_a_finished_one_is_read(classifier: FrozenClassifier, tmp_path: Path) -> None:
    stopped = in_shards(classifier, TEXTS, Lengths(), folder=tmp_path)
    first = next(stopped)
    rest, again = Lengths(), Lengths()
    whole = list(in_shards(classifier, TEXTS, rest, folder=tmp_path))
    assert rest.asked == 15
    assert torch.equal(whole[0], first)
    read = list(in_shards(classifier, TEXTS, again, folder=tmp_path))
    assert again.asked == 0
    assert all(torch.equal(*pair) for pair in zip(whole, read, strict=True))


@pytest.mark.parametrize("cut", [0, 40, -7])
def test_a_damaged_shard_is_computed_again(classifier: FrozenClassifier, tmp_path: Path, cut: int) -> None:
    whole = list(in_shards(classifier, TEXTS, Lengths(), folder=tmp_path))
    victim = min(tmp_path.iterdir())
    victim.write_bytes(victim.read_bytes()[:cut])
    again = Lengths()
    found = list(in_shards(classifier, TEXTS, again, folder=tmp_path))
    assert 0 < again.asked <= 10
    assert all(torch.equal(*pair) for pair in zip(whole, found, strict=True))


def test_progress_adds_up_to_the_rows_whether_computed_or_read(classifier: FrozenClassifier, tmp_path: Path) -> None:
    for _ in range(2):
        done: list[int] = []
        list(in_shards(classifier, TEXTS, Lengths(), folder=tmp_path, on_progress=done.append))
        assert sum(done) == len(TEXTS)


def test_a_full_disk_is_one_line_and_leaves_no_shard(classifier: FrozenClassifier, tmp_path: Path) -> None:
    with files_up_to(10), pytest.raises(ArtifactError, match=r"cannot write .*\.safetensors: File too large"):
        list(in_shards(classifier, TEXTS, Lengths(), folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_another_text_or_order_is_another_key(classifier: FrozenClassifier) -> None:
    keys = [rows_key(classifier.tokenize(texts)) for texts in (TEXTS, TEXTS[::-1], TEXTS[:-1], ["sad", *TEXTS[1:]])]
    assert len(set(keys)) == len(keys)


def test_the_key_is_what_it_was_so_that_shards_of_before_are_found() -> None:
    first, second = (
        {"input_ids": [2, 5, 3], "attention_mask": [1, 1, 1]},
        {"input_ids": [2, 3], "attention_mask": [1, 1]},
    )
    rows = [Encoding((first,)), Encoding((second,), cut=True)]
    assert rows_key([Encoding((first, second))]) != rows_key(rows)
    assert rows_key(rows) == "d00e1053f783933f7bcb700449209cd2"


def test_batches_hold_every_row_once_longest_first(classifier: FrozenClassifier) -> None:
    rows = classifier.tokenize(TEXTS)
    batches = like_length(rows, 4)
    assert sorted(torch.cat(list(batches)).tolist()) == list(range(len(TEXTS)))
    lengths = [len(rows[row].inputs["input_ids"]) for batch in batches for row in batch.tolist()]
    assert lengths == sorted(lengths, reverse=True)
