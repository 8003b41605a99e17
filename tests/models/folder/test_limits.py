"""How much of a text is read: each source in its turn, and the same from files as from models."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, LlamaConfig, PreTrainedTokenizerBase

from adue import AdueModel
from adue.foundation.config import TokenLimit
from adue.models.features.classifier import FrozenClassifier
from adue.models.features.extract import extract
from adue.models.features.limits import token_limit
from adue.models.folder.limits import UNNAMED, limit_in_files, own_limit, recorded_limit
from tests.support.adapters import save_tiny_adapter
from tests.support.tiny import VOCABULARY, WORDS, tiny_tokenizer

NONE = 10**30
"""What transformers writes for a tokenizer without a limit."""


def test_the_head_comes_before_training_and_both_before_anything_else() -> None:
    assert recorded_limit(128, 256) == TokenLimit(tokens=128, source="adue_config.json")
    assert recorded_limit(None, 256) == TokenLimit(tokens=256, source="adue_training.json")
    assert recorded_limit(None, None) is None


@pytest.mark.parametrize(
    ("tokenizer_says", "config", "tokens", "source"),
    [
        (64, {"max_position_embeddings": 512}, 64, "the tokenizer, tokenizer_config.json"),
        (NONE, {"max_position_embeddings": 4096}, 4096, "the model, config.json"),
        (8192, {"max_position_embeddings": 512}, 512, "the model, config.json"),
        (None, {"n_positions": 1024}, 1024, "the model, config.json"),
        (NONE, {"model_type": "mpt", "max_seq_len": 2048}, 2048, "the model, config.json"),
        (
            NONE,
            {"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1},
            512,
            "the model, config.json",
        ),
        (
            NONE,
            {"model_type": "longformer", "max_position_embeddings": 4098, "pad_token_id": 1},
            4096,
            "the model, config.json",
        ),
        (NONE, {"model_type": "xlnet", "max_position_embeddings": -1}, UNNAMED, "adue: neither"),
        (NONE, {"model_type": "t5"}, UNNAMED, "adue: neither"),
    ],
)
def test_tokenizer_and_model_allow(tokenizer_says: int, config: dict[str, Any], tokens: int, source: str) -> None:
    limit = own_limit(tokenizer_says, config)
    assert limit.tokens == tokens
    assert limit.source.startswith(source)
    assert limit.most == (None if tokens == UNNAMED and source.startswith("adue") else tokens)


def test_files_say_what_the_loaded_model_says(tmp_path: Path) -> None:
    for model_type in ("bert", "roberta", "gpt2", "llama"):
        folder = save_tiny_adapter(tmp_path / model_type, model_type)
        base = json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"]
        assert limit_in_files(folder, base, None) == AdueModel.from_pretrained(folder, with_head=False).classifier.limit
    assert limit_in_files(folder, "someone/on-the-hub", None) is None


def long_llama(positions: int) -> tuple[Any, PreTrainedTokenizerBase]:
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer(decoder=True)
    tokenizer.model_max_length = NONE
    config = LlamaConfig(
        vocab_size=len(VOCABULARY), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=positions, pad_token_id=0, initializer_range=0.3,
    )  # fmt: skip
    return AutoModelForSequenceClassification.from_config(config).eval(), tokenizer


def test_texts_of_700_words_are_read_whole_where_model_and_tokenizer_allow() -> None:
    model, tokenizer = long_llama(4096)
    texts = [" ".join(WORDS[(seed * 7 + index * (seed + 1)) % len(WORDS)] for index in range(700)) for seed in range(4)]
    rows = extract(FrozenClassifier.wrap(model, tokenizer), texts)
    with torch.no_grad():
        own = torch.cat(
            [model(**tokenizer(text, return_tensors="pt", return_token_type_ids=False)).logits for text in texts]
        )
    torch.testing.assert_close(rows.logits, own, atol=1e-4, rtol=1e-4)
    assert rows.texts_cut == 0
    short = extract(FrozenClassifier.wrap(model, tokenizer, max_length=512), texts)
    assert short.texts_cut == 4


def test_a_cut_that_tokenizer_json_was_saved_with_is_none_as_in_transformers(tmp_path: Path) -> None:
    model, tokenizer = long_llama(128)
    tokenizer(["good film"], truncation=True, max_length=8)
    tokenizer.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "tokenizer.json").read_text())["truncation"]["max_length"] == 8
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert len(again("good " * 50, truncation=True)["input_ids"]) == 50
    assert token_limit(model, again, None).tokens == 128
