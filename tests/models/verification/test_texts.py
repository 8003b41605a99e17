"""Which texts' answers are kept, and that no text is kept with them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adue import DataError
from adue.foundation.config import Answers, SavedAnswers, Setup, TextAnswers
from adue.models.verification.texts import ROWS, find_texts, spread, text_digest
from tests.models.verification.conftest import SavedOf
from tests.support.adapters import QUICK, labelled_texts, random_texts

KEY = "a" * 64


def stored(*texts: object) -> SavedAnswers:
    answers = Answers(logits=((0.0, 1.0),), uncertainty=(0.5,))
    return SavedAnswers(
        head_sha256=KEY,
        setup=Setup(versions={}, dtype="float32", merged=False, backend="torch", device="cpu"),
        texts=tuple(TextAnswers(digest=text_digest(text, KEY), tokens=1, answers=answers) for text in texts),
    )


def test_two_heads_call_the_same_text_differently_and_pairs_are_not_their_sum() -> None:
    assert text_digest("good", KEY) == text_digest("good", KEY) != text_digest("good", "b" * 64)
    names = [text_digest(text, KEY) for text in ("ab", ["ab"], ["a", "b"], ["b", "a"], "", [], "\ud800")]
    assert len(set(names)) == len(names)
    assert text_digest(("a", "b"), KEY) == text_digest(["a", "b"], KEY)


def test_texts_are_found_wherever_they_stand_once_each_among_values_of_any_kind() -> None:
    rows = [None, 3, float("nan"), "good", b"bad", "bad", "good", {"bad": 1}, ["a", "b"]]
    found = find_texts(rows, stored("bad", "good", ["a", "b"], "elsewhere"))
    assert [(one.index, one.text) for one in found] == [(3, "good"), (5, "bad"), (8, ["a", "b"])]


@given(
    st.lists(st.tuples(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), st.floats(0, 1), st.integers(0, 3))), st.randoms()
)
def test_the_choice_does_not_depend_on_the_order_and_repeats_no_text(
    rows: list[tuple[str, float, int]], draw: random.Random
) -> None:
    rows = list({text: (text, u, kind) for text, u, kind in rows}.values())

    def chosen(given_rows: list[tuple[str, float, int]]) -> set[str]:
        texts = {row: text for row, (text, _, _) in enumerate(given_rows)}
        u = {row: value for row, (_, value, _) in enumerate(given_rows)}
        kinds = {row: kind for row, (_, _, kind) in enumerate(given_rows)}
        return {texts[row] for row in spread(texts, u, kinds)}

    first = chosen(rows)
    assert len(first) == min(ROWS, len(rows))
    assert chosen(draw.sample(rows, len(rows))) == first
    assert chosen([*rows, *rows]) == first


def test_low_and_high_u_right_and_wrong_are_among_the_rows_kept() -> None:
    u = {row: row / 100 for row in range(100)}
    kinds = {row: ("a" if row % 10 else "rare", row % 3 == 0) for row in u}
    chosen = spread({row: f"{row:03}" for row in u}, u, kinds)
    assert len(chosen) == len(set(chosen)) == ROWS
    assert min(chosen) < 10
    assert max(chosen) > 89
    assert {kinds[row] for row in chosen} == set(kinds.values())


def test_no_text_lies_in_the_file(saved_of: SavedOf) -> None:
    content = (saved_of("bert").adapter / "adue_answers.json").read_text(encoding="utf-8")
    assert not [text for text in random_texts(160) if f'"{text}"' in content or (" " in text and text in content)]


def test_texts_of_other_rows_are_refused(saved_of: SavedOf) -> None:
    model = saved_of("bert").load()
    rows = labelled_texts(model)
    features = model.extract(rows["text"], rows["label"])
    with pytest.raises(DataError, match=r"the texts make 159 rows, the features have 160; give the texts that they"):
        model.fit_features(features, features, texts=rows["text"][:159], grid="fast", settings=QUICK)
