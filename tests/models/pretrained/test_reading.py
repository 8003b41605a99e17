from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import processors
from transformers import PreTrainedTokenizerFast

from adue.foundation.config import ChatTemplate, Reading
from adue.foundation.errors import DataError, ModelError
from adue.models.pretrained.reading import prepare, readable, require_usable
from adue.models.pretrained.tokens import encode
from tests.support.tiny import WORDS, tiny_tokenizer

TEMPLATE = "[CLS] {{ messages[0]['content'] }} [SEP]{% if add_generation_prompt %} the{% endif %}"


def tokenizer(template: str | None = None, **options: Any) -> PreTrainedTokenizerFast:
    """Return a tokenizer that marks single texts and pairs as BERT's does, with token types."""
    made = tiny_tokenizer(decoder=False)
    made.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    made.chat_template = template
    for name, value in options.items():
        setattr(made, name, value)
    return made


def row_by_row(encoded: Any) -> list[dict[str, list[int]]]:
    return [dict(zip(encoded, values, strict=True)) for values in zip(*encoded.values(), strict=True)]


texts = st.lists(st.sampled_from([*WORDS, "[SEP]", "?", "\ud800"]), max_size=12).map(" ".join)
around = st.sampled_from(["", "the ", "[CLS] ", " [SEP]", " is it good ?", "\n"])


@given(rows=st.lists(texts, min_size=1, max_size=4), prefix=around, suffix=around, max_length=st.integers(4, 30))
def test_single_texts_are_read_as_the_tokenizer_reads_the_joined_string(
    rows: list[str], prefix: str, suffix: str, max_length: int
) -> None:
    own = tokenizer()
    expected = own([f"{prefix}{readable(row)}{suffix}" for row in rows], truncation=True, max_length=max_length)
    found = encode(own, rows, max_length, Reading(prefix=prefix, suffix=suffix))
    assert [row.inputs for row in found] == [
        {name: expected[name][row] for name in expected} for row in range(len(rows))
    ]


@given(
    rows=st.lists(st.tuples(texts, texts), min_size=1, max_size=4),
    prefix=around,
    suffix=around,
    max_length=st.integers(6, 30),
)
def test_pairs_are_read_as_the_tokenizer_joins_them_the_longest_cut_first(
    rows: list[tuple[str, str]], prefix: str, suffix: str, max_length: int
) -> None:
    own = tokenizer()
    first, second = zip(*[(readable(a), readable(b)) for a, b in rows], strict=True)
    expected = own(
        [f"{prefix}{text}" for text in first],
        [f"{text}{suffix}" for text in second],
        truncation="longest_first",
        max_length=max_length,
    )
    found = encode(own, rows, max_length, Reading(prefix=prefix, suffix=suffix, pairs=True))
    assert [row.inputs for row in found] == [
        {name: expected[name][row] for name in expected} for row in range(len(rows))
    ]
    assert all(set(row.inputs["token_type_ids"]) == {0, 1} for row in found)
    whole = own([f"{prefix}{text}" for text in first], [f"{text}{suffix}" for text in second])["input_ids"]
    assert [row.cut for row in found] == [len(ids) > max_length for ids in whole]


@pytest.mark.parametrize("kind", ["message", "generation"])
def test_a_chat_template_writes_its_special_tokens_and_no_others_are_added(kind: ChatTemplate) -> None:
    own = tokenizer(TEMPLATE)
    reading = Reading(chat_template=kind, prefix="the film is ", suffix=" ?")
    (found,) = encode(own, ["good"], 20, reading)
    end = " the" if kind == "generation" else ""
    assert str(own.decode(found.inputs["input_ids"])).split() == f"[CLS] the film is good [UNK] [SEP]{end}".split()


def test_a_chat_is_what_transformers_makes_of_it() -> None:
    own = tokenizer(TEMPLATE)
    (found,) = encode(own, ["good film"], 20, Reading(chat_template="generation"))
    chat = [{"role": "user", "content": "good film"}]
    expected: Any = own.apply_chat_template(chat, tokenize=True, add_generation_prompt=True, return_dict=True)
    assert found.inputs["input_ids"] == expected["input_ids"]


def test_a_suffix_that_is_a_special_token_becomes_that_token() -> None:
    (found,) = encode(tiny_tokenizer(decoder=True), ["good"], 20, Reading(suffix="[SEP]"))
    assert found.inputs["input_ids"][-1] == 3


def test_a_list_of_two_is_a_pair_as_a_tuple_is() -> None:
    own = tokenizer()
    rows: list[Any] = [["good", "bad"]]
    assert encode(own, rows, 20, Reading()) == encode(own, [("good", "bad")], 20, Reading())


def test_an_empty_second_text_is_a_pair() -> None:
    (found,) = encode(tokenizer(), [("good", "")], 20, Reading())
    assert found.inputs["input_ids"][-2:] == [3, 3]
    assert found.inputs["token_type_ids"][-2:] == [0, 1]


@pytest.mark.parametrize(
    ("rows", "pairs", "message"),
    [
        (["a"], True, "pairs of texts here, and one is a single text"),
        ([("a", "b")], False, "single texts here, and one is a pair of texts"),
        (["a", ("a", "b")], None, "single texts here, and one is a pair of texts"),
        ([("a", "b"), "a"], None, "pairs of texts here, and one is a single text"),
        ([None], None, "a row is None, which is no text"),
        ([("a", "b", "c")], None, r"a row is \('a', 'b', 'c'\), which is no text"),
        ([("a", None)], True, r"a row is \('a', None\), which is no text"),
    ],
)
def test_rows_of_another_kind_are_refused_in_one_line(rows: list[Any], pairs: bool | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepare(tokenizer(), rows, Reading(pairs=pairs))


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (None, "chat template cannot be used: .*chat_template is not set"),
        ("{{ raise_exception('no users, please') }}", "cannot be used: no users, please; give"),
        ("{% if %}", "chat template cannot be used"),
        ("{{ messages[0]['parts'][0] }}", "chat template cannot be used"),
        ("{{ messages[0]['role'] }}", "leaves out what the user says"),
    ],
)
def test_a_chat_template_that_cannot_be_used_is_one_line(template: str | None, message: str) -> None:
    with pytest.raises(ModelError, match=message) as error:
        require_usable(tokenizer(template), Reading(chat_template="message"))
    assert "\n" not in str(error.value)


def test_a_template_that_writes_todays_date_is_refused_and_one_with_a_date_of_its_own_is_not() -> None:
    dated = "{{ 'Today: ' + strftime_now('%d %b %Y') }} {{ messages[0]['content'] }}"
    with pytest.raises(ModelError, match=r"writes today's date into every text .*chat_template\.jinja"):
        require_usable(tokenizer(dated), Reading(chat_template="message"))
    unused = "{% if tools %}{{ strftime_now('%d %b %Y') }}{% endif %}{{ messages[0]['content'] }}"
    require_usable(tokenizer(unused), Reading(chat_template="message"))


@pytest.mark.parametrize(
    "more", [{"pairs": True}, {"prefix": "the "}, {"suffix": " film"}, {"chat_template": "message"}]
)
def test_windows_are_not_for_pairs_or_for_texts_with_something_around_them(more: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="leave --long-texts windows out"):
        require_usable(tokenizer(TEMPLATE), Reading.from_dict({"long_texts": "windows", "stride": 3} | more))
    require_usable(tokenizer(TEMPLATE), Reading(long_texts="windows", stride=3, pairs=False))


def test_a_chat_template_is_not_for_pairs() -> None:
    with pytest.raises(ModelError, match="holds one text, not a pair"):
        require_usable(tokenizer(TEMPLATE), Reading(chat_template="message", pairs=True))
    with pytest.raises(DataError, match="single texts here"):
        prepare(tokenizer(TEMPLATE), [("a", "b")], Reading(chat_template="message"))
