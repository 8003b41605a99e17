"""Tiny randomly initialised models of the true classes, saved as ordinary checkpoints; for structure tests only."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoModelForSequenceClassification, PreTrainedConfig, PreTrainedTokenizerFast

# fmt: off
WORDS = [
    "good", "great", "fine", "happy", "love", "excellent", "bad", "awful", "poor", "sad", "hate", "terrible",
    "movie", "film", "plot", "actor", "story", "the", "a", "an", "is", "was", "very", "not", "and", "but", "this",
    "that", "it", "of", "in", "with",
]
# fmt: on
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
VOCABULARY = {token: index for index, token in enumerate((*SPECIAL, *WORDS))}
HIDDEN = 16

_ENCODER: dict[str, Any] = {
    "vocab_size": len(VOCABULARY),
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
}
_DECODER: dict[str, Any] = _ENCODER | {"num_key_value_heads": 2, "head_dim": 8, "bos_token_id": 2, "eos_token_id": 3}

CONFIGS: dict[str, Callable[..., PreTrainedConfig]] = {
    "bert": lambda **kw: transformers.BertConfig(**(_ENCODER | kw)),
    "roberta": lambda **kw: transformers.RobertaConfig(**(_ENCODER | kw)),
    "electra": lambda **kw: transformers.ElectraConfig(**_ENCODER, embedding_size=HIDDEN, **kw),
    "distilbert": lambda **kw: transformers.DistilBertConfig(
        vocab_size=len(VOCABULARY), dim=HIDDEN, n_layers=2, n_heads=2, hidden_dim=32, max_position_embeddings=64, **kw
    ),
    "deberta-v2": lambda **kw: transformers.DebertaV2Config(**(_ENCODER | kw)),
    "modernbert": lambda **kw: transformers.ModernBertConfig(
        **_ENCODER, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3, local_attention=8, **kw
    ),
    "llama": lambda **kw: transformers.LlamaConfig(**(_DECODER | kw)),
    "mistral": lambda **kw: transformers.MistralConfig(**(_DECODER | kw)),
    "qwen2": lambda **kw: transformers.Qwen2Config(**(_DECODER | kw)),
    "qwen3": lambda **kw: transformers.Qwen3Config(**(_DECODER | kw)),
    "gemma": lambda **kw: transformers.GemmaConfig(**(_DECODER | kw)),
    "gpt2": lambda **kw: transformers.GPT2Config(
        vocab_size=len(VOCABULARY), n_embd=HIDDEN, n_layer=2, n_head=2, n_positions=64, pad_token_id=0, **kw
    ),
}
"""Configuration by model_type; keyword arguments are added to it (num_labels, dtype ...)."""

ENCODERS = ("bert", "roberta", "electra", "distilbert", "deberta-v2", "modernbert")
DECODERS = ("llama", "mistral", "qwen2", "qwen3", "gemma", "gpt2")


def tiny_tokenizer(*, decoder: bool, pad_token: bool = True) -> PreTrainedTokenizerFast:
    """Return a word-level tokenizer that marks sentences as encoders do, or leaves them bare as decoders do."""
    inner = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    if not decoder:
        inner.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    tokens = {"unk_token": "[UNK]", "eos_token": "[SEP]"} | ({"pad_token": "[PAD]"} if pad_token else {})
    tokens |= {} if decoder else {"cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    return PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=64, **tokens)


def save_tiny_base(
    folder: Path, model_type: str, *, with_head: bool = False, pad_token: bool = True, seed: int = 0, **config: Any
) -> Path:
    """Write a tiny base checkpoint and its tokenizer to `folder` and return it.

    Without a head the checkpoint is that of the bare encoder or decoder, as pre-trained models are published.
    `config` may hold num_labels, id2label, dtype.
    """
    torch.manual_seed(seed)
    dtype = config.pop("dtype", torch.float32)
    model = AutoModelForSequenceClassification.from_config(CONFIGS[model_type](**config)).to(dtype)
    if not pad_token:
        model.config.pad_token_id = None
    (model if with_head else model.base_model).save_pretrained(folder)
    tiny_tokenizer(decoder=model_type in DECODERS, pad_token=pad_token).save_pretrained(folder)
    return folder
