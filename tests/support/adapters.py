"""Adapters that look trained: random LoRA and head weights of some size, saved by PEFT beside a tiny base model."""

import random
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from adue import AdueModel, FitSettings
from adue.models.pretrained.quiet import quiet_transformers
from tests.support.tiny import DECODERS, WORDS, save_tiny_base, tiny_tokenizer

QUICK = FitSettings(max_epochs=3)

HEAD_MODULES = {
    "distilbert": ["pre_classifier", "classifier"],
    "deberta-v2": ["pooler", "classifier"],
    "modernbert": ["head", "classifier"],
    **{model_type: ["score"] for model_type in DECODERS},
}
"""What is new in a classifier, by model_type; elsewhere it is the classifier alone."""


def lora(model_type: str, **options: Any) -> LoraConfig:
    """Return LoRA on every linear layer of the base with the head saved whole; `options` override."""
    defaults: dict[str, Any] = {"task_type": "SEQ_CLS", "r": 2, "target_modules": "all-linear"}
    defaults["modules_to_save"] = HEAD_MODULES.get(model_type, ["classifier"])
    defaults["fan_in_fan_out"] = model_type == "gpt2"
    return LoraConfig(**(defaults | options))


def tiny_classifier(base: Path, num_labels: int = 3) -> PreTrainedModel:
    """Return the classifier on `base`, as people load it before they train."""
    with quiet_transformers():
        model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
            base, num_labels=num_labels, ignore_mismatched_sizes=True
        )
    return model


def randomise(model: torch.nn.Module, seed: int = 1) -> None:
    """Move every trainable parameter a good way, as training would."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter), alpha=0.3)


def make_answers_differ(model: Any, seed: int = 1) -> None:
    """Randomise `model` until no class is the answer to most texts, and leave it in evaluation mode."""
    batch = tiny_tokenizer(decoder=model.config.model_type in DECODERS)(
        random_texts(60), padding=True, padding_side="right", return_tensors="pt"
    )
    model.eval()
    for attempt in range(seed, seed + 100):
        randomise(model, attempt)
        with torch.no_grad():
            answers = model(**batch).logits.argmax(dim=-1)
        if answers.bincount().max() < 0.6 * len(answers):
            return
    raise AssertionError(f"a random {model.config.model_type} gives one answer to all texts")


def tiny_adapter(
    base: Path, model_type: str, config: PeftConfig | None = None, *, num_labels: int = 3, seed: int = 1
) -> PeftModel:
    """Return a model with an adapter that looks trained, in evaluation mode."""
    model: PeftModel = get_peft_model(tiny_classifier(base, num_labels), config or lora(model_type))
    make_answers_differ(model, seed)
    return model


def save_tiny_adapter(
    folder: Path, model_type: str, config: PeftConfig | None = None, *, num_labels: int = 3, seed: int = 1, **base: Any
) -> Path:
    """Write a base model to ``folder/base``, an adapter of it to ``folder/adapter``, and return the latter.

    `base` goes to save_tiny_base.
    """
    # With the usual 0.02 every text looks alike, and the classifier has one answer for all.
    saved = save_tiny_base(folder / "base", model_type, num_labels=num_labels, **{"initializer_range": 0.3} | base)
    model = tiny_adapter(saved, model_type, config, num_labels=num_labels, seed=seed)
    model.save_pretrained(str(folder / "adapter"))
    return folder / "adapter"


def save_tiny_whole(folder: Path, model_type: str, *, num_labels: int = 3, seed: int = 1) -> Path:
    """Write a fully fine-tuned classifier without an adapter to `folder` and return it."""
    save_tiny_base(folder, model_type, with_head=True, num_labels=num_labels, initializer_range=0.3)
    model = tiny_classifier(folder, num_labels)
    make_answers_differ(model, seed)
    model.save_pretrained(folder)
    return folder


def random_texts(rows: int, seed: int = 0) -> list[str]:
    """Return texts of one to nine known words."""
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(1, 9))) for _ in range(rows)]


def labelled_texts(model: AdueModel, rows: int = 160, *, agreement: float = 0.75, seed: int = 0) -> Dataset:
    """Return texts whose labels are the classifier's own answers in `agreement` of the rows, and another class else."""
    draw = random.Random(seed + 1)
    texts = random_texts(rows, seed)
    answers = model.predict_proba(texts).argmax(axis=-1).tolist()
    classes = len(model.id2label)
    others = [(answer + draw.randrange(1, classes)) % classes for answer in answers]
    labels = [a if draw.random() < agreement else o for a, o in zip(answers, others, strict=True)]
    return Dataset.from_dict({"text": texts, "label": labels})


def fit_quickly(model: AdueModel, seed: int = 0) -> AdueModel:
    """Return `model` with a head fitted in a second."""
    rows = labelled_texts(model, seed=seed)
    return model.fit(rows.select(range(100)), rows.select(range(100, 160)), grid="fast", settings=QUICK)


def padded(model: AdueModel, texts: list[str], side: str = "right") -> dict[str, torch.Tensor]:
    """Return a batch as a user makes it, padded on `side`."""
    tokenizer = tiny_tokenizer(decoder=model.classifier.config.model_type in DECODERS)
    return dict(tokenizer(texts, padding=True, padding_side=side, return_tensors="pt"))
