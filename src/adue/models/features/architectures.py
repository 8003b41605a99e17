"""Where each architecture keeps its classification head and how it pools; differences are data in one place."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from peft.utils.other import AuxiliaryTrainingWrapper
from torch import Tensor, nn
from transformers import PreTrainedConfig

from adue.foundation.config import Activation, HeadShape
from adue.foundation.errors import ModelError
from adue.heads.head import AdueHead
from adue.models.features.requirements import require_several_outputs

Pool = Literal["pooled", "first", "last"]
"""What enters the head: one vector per row already, the first token's, or that of the last token not padding."""


@dataclass(frozen=True)
class Layout:
    """Paths of modules inside the classification model.

    Attributes
    ----------
    entry
        The module whose input is, or holds, h(x).
    output
        The last linear layer, with one output per class.
    pool
        How h(x) is taken from the input of `entry`.
    dense, activation
        The first layer of a two-layer head, and what follows it.
    rows
        The outputs that are classes, where most are not: the answers among the vocabulary of a language model.
    """

    entry: str
    output: str
    pool: Pool
    dense: str | None = None
    activation: Activation | None = None
    rows: tuple[int, ...] | None = None


_LINEAR = Layout("classifier", "classifier", "pooled")
_DECODER = Layout("score", "score", "last")
_ROBERTA = Layout("classifier", "classifier.out_proj", "first", "classifier.dense", "tanh")

LAYOUTS: dict[str, Layout] = {
    "bert": _LINEAR,
    "deberta": _LINEAR,
    "deberta-v2": _LINEAR,
    "modernbert": _LINEAR,
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "camembert": _ROBERTA,
    "electra": Layout("classifier", "classifier.out_proj", "first", "classifier.dense", "gelu"),
    "distilbert": Layout("pre_classifier", "classifier", "pooled", "pre_classifier", "relu"),
    "llama": _DECODER,
    "mistral": _DECODER,
    "qwen2": _DECODER,
    "qwen3": _DECODER,
    "gemma": _DECODER,
    "gemma2": _DECODER,
    "gpt2": _DECODER,
}
"""By ``config.model_type``; an architecture that is not here is found by the structure of its head."""


_OUTPUTS = ("classifier", "score", "classifier.out_proj", "head", "classification_head.out_proj", "logits_proj")


def output_paths(model_type: str) -> tuple[str, ...]:
    """Return where the last linear layer may sit, most likely first."""
    known = LAYOUTS.get(model_type)
    return (known.output,) if known else _OUTPUTS


_WRAPPING = re.compile(r"\.(original_module|modules_to_save\.[^.]+)(?=\.|$)")
"""What PEFT puts between a saved module's name and its own parts."""


def find_output(model: nn.Module, num_labels: int) -> str:
    """Return the path of the only linear layer with one output per class.

    Raises
    ------
    ModelError
        When there is none, or more than one.
    """
    found = {
        _WRAPPING.sub("", name)
        for name, module in model.named_modules()
        if getattr(module, "out_features", None) == num_labels and ".lora_" not in name and ".base_layer" not in name
    }
    if len(found) == 1:
        return found.pop()
    seen = ", ".join(sorted(found)) or "none"
    raise ModelError(
        f"cannot tell which layer of {type(model).__name__} is the classification head with {num_labels} outputs "
        f"(candidates: {seen}); name it with --head, for example --head classifier"
    )


@contextmanager
def entering(module: nn.Module) -> Iterator[list[Tensor]]:
    """Yield a list to which every call of `module` inside the block adds its first input."""
    entered: list[Tensor] = []

    def keep(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        entered.append(inputs[0])

    handle = module.register_forward_pre_hook(keep)
    try:
        yield entered
    finally:
        handle.remove()


def pool_hidden(hidden: Tensor, pool: Pool, input_ids: Tensor, pad_token_id: int | None) -> Tensor:
    """Return h(x), shape (rows, hidden), from what entered the head, by the rule that transformers uses.

    For ``last``: the rightmost token whose id is not `pad_token_id`, with padding on either side.
    """
    if pool == "pooled":
        return hidden
    if pool == "first":
        return hidden[:, 0]
    if pad_token_id is None:
        return hidden[:, -1]
    positions = torch.arange(input_ids.shape[-1], device=input_ids.device, dtype=torch.int32)
    last = (positions * (input_ids != pad_token_id).to(torch.int32)).argmax(dim=-1)
    # Not len(hidden), which would fix the number of rows where this is traced.
    return hidden[torch.arange(hidden.shape[0], device=hidden.device), last.to(hidden.device)]


def pad_token_id(config: PreTrainedConfig) -> int | None:
    """Return the id that the classification model itself takes for padding."""
    value: int | None = getattr(config.get_text_config(), "pad_token_id", None)
    return value


def read_head(model: nn.Module, layout: Layout) -> AdueHead:
    """Return a float32 copy on the CPU of the classifier's own head, as it acts now (adapters on the head included).

    Raises
    ------
    ModelError
        When the layer named is not linear, or has fewer than two outputs.
    """
    weight, bias = _affine(model.get_submodule(layout.output))
    if layout.rows is not None:
        rows = list(layout.rows)
        weight, bias = weight[rows], None if bias is None else bias[rows]
    weights = {"out_weight": weight} | ({} if bias is None else {"out_bias": bias})
    if layout.dense:
        dense_weight, dense_bias = _affine(model.get_submodule(layout.dense))
        weights |= {"dense_weight": dense_weight}
        weights |= {"dense_bias": dense_weight.new_zeros(len(dense_weight)) if dense_bias is None else dense_bias}
    require_several_outputs(len(weight), f"'{layout.output}' of {type(model).__name__}")
    shape = HeadShape(
        hidden_size=weight.shape[1], num_labels=weight.shape[0], activation=layout.activation, bias=bias is not None
    )
    return AdueHead.from_weights(shape, {name: tensor.cpu() for name, tensor in weights.items()})


def _affine(module: Any) -> tuple[Tensor, Tensor | None]:
    """Return weight and bias of anything that computes ``x W^T + b``.

    A plain linear layer gives its own tensors. Every other one (LoRA, DoRA, IA3 or a quantised layer in its place)
    is asked: at zero it answers b, at the unit vectors W^T + b.
    """
    while isinstance(module, AuxiliaryTrainingWrapper):
        module = module.modules_to_save[module.active_adapters[0]] if module.active_adapters else module.original_module
    if type(module) is nn.Linear:
        return module.weight.detach(), None if module.bias is None else module.bias.detach()
    width: int | None = getattr(module, "in_features", None)
    if width is None:
        raise ModelError(
            f"a {type(module).__name__} is not a linear layer; name the last linear layer of the head with --head"
        )
    parameter = next(module.parameters())
    inputs = torch.eye(width + 1, width, device=parameter.device, dtype=parameter.dtype)
    with torch.inference_mode():
        answers = module(inputs).float()
    return (answers[:width] - answers[width]).T.contiguous(), answers[width]
