"""A threshold holds on the engine that it was set on, and every difference is named."""

import pytest

from adue.decisions.engine import Engine

ENGINE = Engine(backend="torch", dtype="float32", max_length=128)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"backend": "export"}, "backend torch, now export"),
        ({"dtype": "bfloat16"}, "dtype float32, now bfloat16"),
        ({"merged": True}, "merged False, now True"),
        ({"max_length": 64}, "max_length 128, now 64"),
    ],
)
def test_each_difference_is_named(change: dict[str, object], words: str) -> None:
    assert ENGINE.differences(ENGINE.model_copy(update=change)) == [words]


def test_the_same_engine_differs_in_nothing() -> None:
    assert ENGINE.differences(Engine(backend="torch", dtype="float32", max_length=128)) == []
