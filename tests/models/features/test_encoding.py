import threading
from collections.abc import Iterator, Sequence
from typing import Any, overload

import pytest
from datasets import Dataset

from adue import AdueModel, DataError
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.encoding import encode_portions, portions
from adue.models.pretrained.tokens import Encoding
from tests.support.adapters import random_texts, save_tiny_adapter

TEXTS = random_texts(25, seed=3)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> FrozenClassifier:
    return AdueModel.from_pretrained(save_tiny_adapter(tmp_path_factory.mktemp("bert"), "bert")).classifier


class OnDisk(Sequence[str]):
    """Texts that may only be read in slices, and remember how many were."""

    def __init__(self) -> None:
        self.read = 0

    def __len__(self) -> int:
        return len(TEXTS)

    @overload
    def __getitem__(self, key: int) -> str: ...
    @overload
    def __getitem__(self, key: slice) -> list[str]: ...
    def __getitem__(self, key: Any) -> Any:
        found = TEXTS[key]
        self.read += len(found)
        return found

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("read one by one")


@pytest.mark.parametrize("size", [1, 10, 25, 100])
def test_portions_hold_all_texts_in_order_whatever_they_lie_in(size: int) -> None:
    for texts in (TEXTS, tuple(TEXTS), Dataset.from_dict({"text": TEXTS})["text"], iter(TEXTS), OnDisk()):
        parts = list(portions(texts, size))
        assert [text for part in parts for text in part] == TEXTS
        assert {len(part) for part in parts[:-1]} <= {size}


def test_encodings_are_those_of_the_classifier(classifier: FrozenClassifier) -> None:
    found = [row for part in encode_portions(classifier, TEXTS, 10) for row in part]
    assert found == classifier.tokenize(TEXTS)


def test_no_texts_give_nothing(classifier: FrozenClassifier) -> None:
    assert list(encode_portions(classifier, [], 10)) == []
    assert list(encode_portions(classifier, iter([]), 10)) == []


def test_no_more_than_the_portion_in_use_and_the_next_are_read(classifier: FrozenClassifier) -> None:
    texts = OnDisk()
    parts = encode_portions(classifier, texts, 5)
    for number, _ in enumerate(parts, start=1):
        assert texts.read <= (number + 1) * 5


def test_the_next_portion_is_made_while_one_is_in_use(
    classifier: FrozenClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_tokenize, made = FrozenClassifier.tokenize, threading.Semaphore(0)

    def record(self: FrozenClassifier, texts: Sequence[Any]) -> list[Encoding]:
        rows = true_tokenize(self, texts)
        made.release()
        return rows

    monkeypatch.setattr(FrozenClassifier, "tokenize", record)
    parts = encode_portions(classifier, TEXTS, 10)
    next(parts)
    assert all(made.acquire(timeout=10) for _ in range(2))


def test_a_single_portion_needs_no_thread(classifier: FrozenClassifier) -> None:
    before = threading.active_count()
    parts = encode_portions(classifier, TEXTS, 100)
    next(parts)
    assert threading.active_count() == before


def test_leaving_early_ends_the_thread(classifier: FrozenClassifier) -> None:
    before = threading.active_count()
    parts = encode_portions(classifier, TEXTS, 5)
    next(parts)
    parts.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_an_error_in_a_later_portion_comes_when_its_turn_does(classifier: FrozenClassifier) -> None:
    texts: list[Any] = [*TEXTS[:10], None]
    parts = encode_portions(classifier, texts, 5)
    assert [len(next(parts)), len(next(parts))] == [5, 5]
    with pytest.raises(DataError):
        next(parts)
