"""Tiny adapters of the two other tasks, saved by PEFT, and rows whose labels mostly agree with their answers."""

import random
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification

from adue.models.pretrained.quiet import quiet_peft, quiet_transformers
from adue.models.tasks.choices import AdueModelForMultipleChoice
from adue.models.tasks.tokens import AdueModelForTokenClassification
from adue.training.lora import CONV1D_MODELS, TARGET_MODULES
from tests.support.adapters import QUICK, random_texts, randomise
from tests.support.tiny import CONFIGS, DECODERS, save_tiny_base, tiny_tokenizer

TAGS = ("O", "B-place", "I-place")
CHOICES = ("good", "bad", "fine")


def lora(model_type: str, task_type: str) -> LoraConfig:
    # Of a token classifier PEFT saves what is called classifier or score by itself; ModernBERT's has one more part.
    head = ["head", "classifier"] if model_type == "modernbert" else None
    return LoraConfig(
        task_type=task_type,
        r=2,
        target_modules=list(TARGET_MODULES[model_type]),
        modules_to_save=head,
        fan_in_fan_out=model_type in CONV1D_MODELS,
    )


def save_tagger(folder: Path, model_type: str = "bert", *, seed: int = 1) -> Path:
    """Write a base model and a token classification adapter that looks trained; return the adapter's folder."""
    base = save_tiny_base(folder / "base", model_type, initializer_range=0.3)
    with quiet_transformers(), quiet_peft():
        plain = AutoModelForTokenClassification.from_pretrained(base, num_labels=len(TAGS))
        model = get_peft_model(plain, lora(model_type, "TOKEN_CLS"))
        randomise(model, seed)
        model.save_pretrained(str(folder / "adapter"))
    # Beside the base model's config.json, AutoTokenizer would make a tokenizer of the architecture's own kind.
    tiny_tokenizer(decoder=model_type in DECODERS).save_pretrained(folder / "adapter")
    return folder / "adapter"


def save_language_model(folder: Path, model_type: str = "llama", **config: Any) -> Path:
    """Write a tiny causal language model and its tokenizer to `folder` and return it."""
    torch.manual_seed(0)
    options = {"initializer_range": 0.5, "tie_word_embeddings": False} | config
    AutoModelForCausalLM.from_config(CONFIGS[model_type](**options)).save_pretrained(folder)
    tiny_tokenizer(decoder=model_type in DECODERS).save_pretrained(folder)
    return folder


def save_answerer(folder: Path, model_type: str = "llama", *, seed: int = 1) -> Path:
    """Write a language model and an adapter of it that looks trained; return the adapter's folder."""
    base = save_language_model(folder / "base", model_type)
    with quiet_transformers(), quiet_peft():
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), lora(model_type, "CAUSAL_LM"))
        randomise(model, seed)
        model.save_pretrained(str(folder / "adapter"))
    # Beside the base model's config.json, AutoTokenizer would make a tokenizer of the architecture's own kind.
    tiny_tokenizer(decoder=model_type in DECODERS).save_pretrained(folder / "adapter")
    return folder / "adapter"


def sentences(rows: int, seed: int = 0) -> list[list[str]]:
    return [text.split() for text in random_texts(rows, seed)]


def disagree(answers: list[int], classes: int, draw: random.Random) -> list[int]:
    """Return the answers, one in four of them replaced by another class."""
    return [a if draw.random() < 0.75 else (a + draw.randrange(1, classes)) % classes for a in answers]


def tagged_sentences(model: AdueModelForTokenClassification, rows: int = 60, seed: int = 0) -> Dataset:
    words = sentences(rows, seed)
    draw = random.Random(seed)
    answers = iter(disagree(model.extract(words).predictions.tolist(), len(TAGS), draw))
    return Dataset.from_dict({"tokens": words, "ner_tags": [[next(answers) for _ in line] for line in words]})


def questions(model: AdueModelForMultipleChoice, rows: int = 160, seed: int = 0) -> Dataset:
    texts = [f"{text} Answer:" for text in random_texts(rows, seed)]
    draw = random.Random(seed)
    answers = model.predict_proba(texts).argmax(axis=-1).tolist()
    return Dataset.from_dict({"text": texts, "label": disagree(answers, len(CHOICES), draw)})


def fit_tagger(model: AdueModelForTokenClassification) -> AdueModelForTokenClassification:
    rows = tagged_sentences(model)
    return model.fit(rows.select(range(40)), rows.select(range(40, 60)), grid="fast", settings=QUICK)


def fit_answerer(model: AdueModelForMultipleChoice) -> AdueModelForMultipleChoice:
    rows = questions(model)
    model.fit(rows.select(range(100)), rows.select(range(100, 160)), grid="fast", settings=QUICK)
    return model
