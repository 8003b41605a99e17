"""Where a frozen classifier came from: its weights' digest, its base model, the source of its head."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from peft import PeftModel, get_peft_model_state_dict
from torch import nn

from adue.foundation.config import HeadSource, Reading
from adue.foundation.digests import tensors_sha256
from adue.models.features.architectures import output_paths
from adue.models.features.inner import active_adapter, classification_model

PREFIX = "base_model.model."
"""What PEFT puts before the names of the base model's parts."""

_HEAD_KEYS = frozenset(f"{PREFIX}{path}.weight" for path in output_paths(""))


@dataclass(frozen=True)
class Origin:
    """Where a frozen classifier came from, as far as it is known."""

    sha256: str
    """Of the adapter's tensors; of the whole model's where there is no adapter."""
    base_model: str
    base_model_revision: str | None
    head_source: HeadSource
    merged: bool
    id2label: dict[int, str]
    max_length: int | None = None
    """Tokens per text in training, where it is known."""
    reading: Reading | None = None
    """What was done to every text in training, where it is known."""


def origin_in_memory(model: nn.Module) -> Origin:
    """Return the origin of a model that was made or loaded elsewhere; that its head was trained is taken on trust."""
    inner = classification_model(model)
    if isinstance(model, PeftModel):
        name = str(active_adapter(model))
        tensors = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
        base_model = model.peft_config[name].base_model_name_or_path
    else:
        tensors, base_model = model.state_dict(), None
    source: HeadSource = head_source(tensors) if isinstance(model, PeftModel) else "base model"
    named = base_model or inner.config.name_or_path or type(inner).__name__
    return Origin(tensors_sha256(tensors), named, None, source, False, class_names(inner))


def head_source(keys: Iterable[str]) -> HeadSource:
    """Return where the classification head came from, given the names of an adapter's tensors."""
    return "base model" if head_key(keys) is None else "adapter"


def head_key(keys: Iterable[str]) -> str | None:
    """Return which of an adapter's tensors is the weight of a classification head, None where none is."""
    return next((key for key in keys if key in _HEAD_KEYS), None)


def class_names(model: Any) -> dict[int, str]:
    """Return the names of the classes in the configuration of `model`."""
    return {int(index): str(name) for index, name in model.config.id2label.items()}
