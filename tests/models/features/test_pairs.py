"""Pairs, and what surrounds a text, are read as transformers reads them, and kept with the head."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from adue import AdueModel, DataError, DataWarning, ModelError
from adue.foundation.config import Reading
from tests.support.adapters import QUICK
from tests.support.pairs import TEMPLATE, labelled_pairs, pair_tokenizer, random_pairs, save_pair_adapter

PAIRS = random_pairs(40)
MODELS = ["bert", "roberta", "llama"]


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Adapters by model_type, not to be written into."""
    return {name: save_pair_adapter(tmp_path_factory.mktemp(name), name, TEMPLATE) for name in MODELS}


def own_logits(model: AdueModel, inputs: list[Any], **options: Any) -> torch.Tensor:
    """Return what transformers answers, one row at a time."""
    tokenizer, rows = model.classifier.tokenizer, []
    for given in inputs:
        # In lists: one pair by itself loses its second text where that is empty.
        batch = tokenizer(
            *([text] for text in given),
            truncation=True,
            max_length=model.classifier.max_length,
            return_tensors="pt",
            **options,
        )
        with torch.no_grad():
            rows.append(model.classifier.model(**batch).logits)
    return torch.cat(rows)


@pytest.mark.parametrize("model_type", MODELS)
def test_logits_of_pairs_are_those_of_transformers_bit_for_bit(adapters: dict[str, Path], model_type: str) -> None:
    model = AdueModel.from_pretrained(adapters[model_type])
    found = model.extract(PAIRS, batch_size=1).logits
    assert torch.equal(found, own_logits(model, PAIRS))
    torch.testing.assert_close(model.extract(PAIRS).logits, found, atol=1e-5, rtol=1e-5)
    singles = model.extract([first for first, _ in PAIRS]).logits
    assert (found - singles).abs().max() > 0.01


def test_the_second_text_is_marked_where_the_model_takes_marks(adapters: dict[str, Path]) -> None:
    model = AdueModel.from_pretrained(adapters["bert"])
    (row,) = model.classifier.tokenize([("good film", "bad plot")])
    assert row.inputs["token_type_ids"] == [0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("model_type", MODELS)
def test_prefix_and_suffix_are_read_as_the_joined_text(adapters: dict[str, Path], model_type: str) -> None:
    reading = Reading(prefix="this film is ", suffix=" [SEP]")
    model = AdueModel.from_pretrained(adapters[model_type], reading=reading)
    texts = [first for first, _ in PAIRS]
    found = model.extract(texts, batch_size=1).logits
    assert torch.equal(found, own_logits(model, [(f"this film is {text} [SEP]",) for text in texts]))
    found = model.extract(PAIRS, batch_size=1).logits
    assert torch.equal(found, own_logits(model, [(f"this film is {a}", f"{b} [SEP]") for a, b in PAIRS]))


@pytest.mark.parametrize("model_type", MODELS)
def test_a_chat_is_read_without_further_special_tokens(adapters: dict[str, Path], model_type: str) -> None:
    model = AdueModel.from_pretrained(adapters[model_type], reading=Reading(chat_template="generation"))
    texts = [first for first, _ in PAIRS]
    chats = [(f"[CLS] {text} [SEP] the",) for text in texts]
    assert torch.equal(model.extract(texts, batch_size=1).logits, own_logits(model, chats, add_special_tokens=False))


def fitted(adapter: Path, reading: Reading | None = None) -> AdueModel:
    model = AdueModel.from_pretrained(adapter, reading=reading)
    rows = labelled_pairs(model)
    return model.fit(rows.select(range(100)), rows.select(range(100, 160)), grid="fast", settings=QUICK)


def test_a_head_remembers_that_rows_are_pairs_and_what_surrounds_them(
    adapters: dict[str, Path], tmp_path: Path
) -> None:
    model = fitted(adapters["bert"], Reading(prefix="the "))
    model.save_pretrained(tmp_path)
    again = AdueModel.from_pretrained(tmp_path)
    assert again.classifier.reading == Reading(prefix="the ", pairs=True)
    expected, found = model.predict(PAIRS), again.predict([list(pair) for pair in PAIRS])  # type: ignore[misc]
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    np.testing.assert_array_equal(found.uncertainty, expected.uncertainty)


def test_a_head_of_pairs_refuses_single_texts_and_one_of_single_texts_refuses_pairs(adapters: dict[str, Path]) -> None:
    model = fitted(adapters["bert"])
    with pytest.raises(DataError, match="rows are pairs of texts here, and one is a single text"):
        model.predict(["good film"])
    single = AdueModel.from_pretrained(adapters["bert"])
    rows = labelled_pairs(single).remove_columns("text_pair")
    single.fit(rows.select(range(100)), rows.select(range(100, 160)), grid="fast", settings=QUICK)
    with pytest.raises(DataError, match="rows are single texts here, and one is a pair of texts"):
        single.predict(PAIRS)


def test_a_validation_split_of_another_kind_is_refused(adapters: dict[str, Path]) -> None:
    model = AdueModel.from_pretrained(adapters["bert"])
    rows = labelled_pairs(model)
    with pytest.raises(DataError, match="rows are pairs of texts here"):
        model.fit(rows.select(range(100)), rows.select(range(100, 160)).remove_columns("text_pair"))


def test_an_adapter_is_read_as_its_training_record_says(adapters: dict[str, Path], tmp_path: Path) -> None:
    adapter = save_pair_adapter(tmp_path, "bert")
    reading = Reading(suffix=" [SEP]", pairs=True)
    (adapter / "adue_training.json").write_text(json.dumps({"reading": reading.to_dict()}))
    assert AdueModel.from_pretrained(adapter).classifier.reading == reading


def test_pairs_without_marks_for_a_model_that_has_marks_are_warned_of(
    adapters: dict[str, Path], tmp_path: Path
) -> None:
    adapter = save_pair_adapter(tmp_path, "bert")
    pair_tokenizer("roberta").save_pretrained(adapter)
    model = AdueModel.from_pretrained(adapter)
    with pytest.warns(
        DataWarning, match="gives no token_type_ids, so the model reads both texts of a pair as the firs"
    ):
        model.expect_pairs(pairs=True)


def test_a_chat_template_is_refused_for_pairs_and_for_tokenizers_without_one(adapters: dict[str, Path]) -> None:
    chat = Reading(chat_template="message")
    with pytest.raises(ModelError, match="holds one text, not a pair"):
        AdueModel.from_pretrained(adapters["bert"], reading=chat).expect_pairs(pairs=True)
    model = AdueModel.from_pretrained(adapters["bert"])
    with pytest.raises(ModelError, match="chat template cannot be used"):
        AdueModel(model.classifier.model, pair_tokenizer("bert"), reading=chat)
