"""The transformers model inside a PEFT model: which it is, which adapter acts on it, and what its answers depend on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from peft import PeftModel
from torch import Tensor, nn


def classification_model(model: nn.Module) -> Any:
    """Return the transformers model inside a PEFT model, or the model itself."""
    get_base_model = getattr(model, "get_base_model", None)
    return get_base_model() if callable(get_base_model) else model


def active_adapter(model: nn.Module) -> str | None:
    """Return the name of the adapter in force, None without one."""
    return str(model.active_adapter) if isinstance(model, PeftModel) else None


def used_tensors(model: nn.Module, adapter: str | None) -> dict[str, Tensor]:
    """Return the tensors that the answers of `model` with `adapter` depend on, named without the adapter's name.

    Other adapters beside it are left out, and so is what a saved module replaces: it stays in PEFT's
    model, unused, and is random in every new process.
    """
    if not isinstance(model, PeftModel):
        return dict(model.state_dict())
    prefix = re.escape(getattr(model.base_model, "prefix", "lora_"))
    owner = re.compile(rf"(?:^|\.)(?:modules_to_save|prompt_encoder|{prefix}[^.]*)\.([^.]+)(?=\.|$)")
    used = {}
    for name, tensor in model.state_dict().items():
        owned = owner.search(name)
        if ".original_module." not in name and (owned is None or owned[1] == adapter):
            used[name if owned is None else name[: owned.start(1)] + name[owned.end(1) :]] = tensor
    return used


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch dropout off inside the block and give every module its own mode back."""
    training = [module for module in model.modules() if module.training]
    if training:
        model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
