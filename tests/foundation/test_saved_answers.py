"""Stored answers are the same after a round trip, and say what has changed since."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adue import ArtifactError, DataError
from adue.foundation.config import Answers, ProbeAnswers, SavedAnswers, Setup

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
THEN = Setup(
    versions={"torch": "2.13", "peft": "0.21"},
    dtype="float32",
    merged=False,
    backend="torch",
    device="cpu",
    adapter={"r": 8, "lora_alpha": 16},
)


@given(st.lists(st.lists(FLOATS, min_size=3, max_size=3), min_size=1, max_size=4))
def test_float32_values_come_back_exactly(tmp_path_factory: pytest.TempPathFactory, rows: list[list[float]]) -> None:
    path = tmp_path_factory.mktemp("answers") / "adue_answers.json"
    short = tuple(tuple(float(f"{value:.9g}") for value in row) for row in rows)
    answers = Answers(logits=short, uncertainty=(0.5,) * len(rows))
    probe = ProbeAnswers(token_ids=((1, 2), (3,)), together=answers, alone=answers)
    saved = SavedAnswers(head_sha256="a" * 64, setup=THEN, probe=probe)
    path.write_bytes(saved.to_bytes())
    read = SavedAnswers.from_json(path)
    assert read == saved
    assert read.sha256 == saved.sha256
    assert read.probe is not None
    np.testing.assert_array_equal(np.array(read.probe.together.logits, np.float32), np.array(rows, np.float32))


def test_rows_that_do_not_match_are_refused() -> None:
    for logits, u in [([[1.0, 2.0]], [0.5, 0.5]), ([[1.0, 2.0], [1.0]], [0.5, 0.5]), ([], [])]:
        with pytest.raises(DataError, match="Answers"):
            Answers.from_dict({"logits": logits, "uncertainty": u})


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "adue_answers.json"
    newer = SavedAnswers(head_sha256="a" * 64, setup=THEN).model_copy(update={"format_version": 99})
    path.write_bytes(newer.to_bytes())
    with pytest.raises(ArtifactError, match=r"has format version 99, this adue reads up to 1; upgrade"):
        SavedAnswers.from_json(path)


def test_changes_are_named_one_by_one() -> None:
    assert THEN.changes(THEN) == []
    now = THEN.model_copy(
        update={"versions": {"torch": "2.14", "peft": "0.21"}, "merged": True, "adapter": {"r": 8, "lora_alpha": 32}}
    )
    assert THEN.changes(now) == ["torch 2.13 to 2.14", "lora_alpha 16 to 32", "merged False to True"]


def test_a_setting_of_the_adapter_that_one_version_of_peft_does_not_know_is_no_change() -> None:
    newer = THEN.model_copy(update={"adapter": {"r": 8, "lora_alpha": 16, "use_something": True}})
    merged = THEN.model_copy(update={"adapter": {}})
    assert THEN.adapter_changes(newer) == newer.adapter_changes(THEN) == THEN.adapter_changes(merged) == []
