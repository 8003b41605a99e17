"""Tokenizers that join two texts as those of the real models do, and adapters that were trained with them."""

from pathlib import Path
from typing import Any

from datasets import Dataset
from tokenizers import processors
from transformers import BertTokenizer, PreTrainedTokenizerBase

from adue import AdueModel
from tests.support.adapters import random_texts, save_tiny_adapter
from tests.support.tiny import DECODERS, VOCABULARY, tiny_tokenizer

_JOINED = {"roberta": ("[CLS] $A [SEP]", "[CLS] $A [SEP] [SEP] $B [SEP]"), "llama": ("[CLS] $A", "[CLS] $A [CLS] $B")}

TEMPLATE = "[CLS] {{ messages[0]['content'] }} [SEP]{% if add_generation_prompt %} the{% endif %}"
"""A chat template, which writes special tokens itself."""


def pair_tokenizer(model_type: str, template: str | None = None) -> PreTrainedTokenizerBase:
    """Return a tokenizer that joins pairs as those of `model_type` do: BERT's marks the second text."""
    if model_type == "bert":
        made: PreTrainedTokenizerBase = BertTokenizer(vocab=VOCABULARY, model_max_length=64)
    else:
        made = tiny_tokenizer(decoder=model_type in DECODERS)
        single, pair = _JOINED[model_type]
        made.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single=single, pair=pair, special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    made.chat_template = template
    return made


def save_pair_adapter(folder: Path, model_type: str, template: str | None = None) -> Path:
    """Write an adapter with a tokenizer of its own that joins pairs, and its base, and return the adapter's folder."""
    options: dict[str, Any] = {"type_vocab_size": 1} if model_type == "roberta" else {}
    adapter = save_tiny_adapter(folder, model_type, **options)
    pair_tokenizer(model_type, template).save_pretrained(adapter)
    return adapter


def random_pairs(rows: int, seed: int = 0) -> list[tuple[str, str]]:
    """Return pairs of texts of known words; some second texts are empty, some pairs too long to be read whole."""
    first, second = random_texts(rows, seed), random_texts(rows, seed + 1)
    second = ["" if row % 7 == 3 else text for row, text in enumerate(second)]
    first = [" ".join([text] * 20) if row % 5 == 2 else text for row, text in enumerate(first)]
    return list(zip(first, second, strict=True))


def labelled_pairs(model: AdueModel, rows: int = 160) -> Dataset:
    """Return pairs whose labels are the classifier's own answers in three rows of four."""
    pairs = random_pairs(rows)
    answers = model.predict_proba(pairs).argmax(axis=-1)
    labels = [(int(answer) + (row % 4 == 0)) % 3 for row, answer in enumerate(answers)]
    first, second = zip(*pairs, strict=True)
    return Dataset.from_dict({"text": first, "text_pair": second, "label": labels})
