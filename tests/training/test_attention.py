from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from adue.models.pretrained import load_classifier
from adue.training import TrainingSettings
from adue.training.attention import NAME, SHORT, attend, short_attention
from adue.training.dropout import quick_dropouts
from adue.training.lora import add_lora
from tests.support.tiny import CONFIGS, save_tiny_base


def adapted(folder: Path, model_type: str, **config: Any) -> PeftModel:
    """A classifier with LoRA that is not zero at the start, so that every gradient counts."""
    base = save_tiny_base(folder, model_type, initializer_range=0.3, **config)
    model = add_lora(load_classifier(str(base)), TrainingSettings())
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter, std=0.3)
    return model.eval()


def inside(model: PeftModel) -> PreTrainedModel:
    inner = model.get_base_model()
    assert isinstance(inner, PreTrainedModel)
    return inner


def batch(lengths: tuple[int, ...] = (9, 4, 6)) -> dict[str, Tensor]:
    """Texts of different lengths, padded on the right."""
    ids, mask = torch.zeros(len(lengths), max(lengths), dtype=torch.long), torch.zeros(len(lengths), max(lengths))
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.randint(5, 30, (length,))
        mask[row, :length] = 1
    return {"input_ids": ids, "attention_mask": mask.long(), "labels": torch.tensor([0, 1, 1])[: len(lengths)]}


def gradients(model: PeftModel, inputs: dict[str, Tensor], *, quick: bool) -> dict[str, Tensor]:
    model.zero_grad()
    inner = inside(model)
    with short_attention(inner) if quick else nullcontext(), quick_dropouts(model) if quick else nullcontext():
        model(**inputs).loss.backward()
    return {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}


@pytest.mark.parametrize("lengths", [(9, 4, 6), (7, 7, 7)])
@pytest.mark.parametrize("model_type", CONFIGS)
def test_what_learns_gets_the_gradients_of_the_plain_path(
    tmp_path: Path, model_type: str, lengths: tuple[int, ...]
) -> None:
    model, inputs = adapted(tmp_path, model_type), batch(lengths)
    plain, quick = (gradients(model, inputs, quick=way) for way in (False, True))
    learning = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert plain.keys() == quick.keys() == learning
    for name, expected in plain.items():
        torch.testing.assert_close(quick[name], expected, rtol=1e-4, atol=1e-6)


def test_heads_that_share_keys_and_values_get_the_same_gradients_too(tmp_path: Path) -> None:
    model, inputs = adapted(tmp_path, "llama", num_key_value_heads=1), batch()
    plain, quick = (gradients(model, inputs, quick=way) for way in (False, True))
    for name, expected in plain.items():
        torch.testing.assert_close(quick[name], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("model_type", ["bert", "llama"])
def test_nothing_below_the_first_adapted_layer_is_in_the_graph_of_gradients(tmp_path: Path, model_type: str) -> None:
    model, seen = adapted(tmp_path, model_type), []
    first = next(module for name, module in model.named_modules() if name.endswith(("layer.0", "layers.0")))
    first.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].requires_grad))
    gradients(model, batch(), quick=True)
    assert seen == [False]


def inputs_of(tokens: int, *, groups: int = 4) -> tuple[Tensor, Tensor, Tensor]:
    return torch.randn(2, 4, tokens, 8), torch.randn(2, groups, tokens, 8), torch.randn(2, groups, tokens, 8)


class Attention(nn.Module):
    """What attention functions read of the layer that calls them."""

    def __init__(self, *, is_causal: bool, groups: int = 4) -> None:
        super().__init__()
        self.is_causal = is_causal
        self.num_key_value_groups = 4 // groups


@pytest.mark.parametrize("tokens", [1, 5, SHORT, SHORT + 1])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("masked", ["not", "bool", "added"])
def test_results_are_those_of_torch_s_kernel(tokens: int, groups: int, causal: bool, masked: str) -> None:
    seen = (torch.rand(2, 1, 1, tokens) < 0.7).index_fill(-1, torch.tensor([0]), True).expand(-1, -1, tokens, -1)
    added = torch.zeros(seen.shape).masked_fill(~seen, -1e9)
    mask = {"not": None, "bool": seen, "added": added}[masked]
    module, tensors = Attention(is_causal=causal, groups=groups), inputs_of(tokens, groups=groups)
    expected, _ = sdpa_attention_forward(module, *tensors, mask, scaling=0.3)
    torch.testing.assert_close(attend(module, *tensors, mask, scaling=0.3)[0], expected)


def test_longer_texts_are_left_to_torch_s_kernel() -> None:
    module = Attention(is_causal=False)
    for tokens, equal in ((SHORT, False), (SHORT + 1, True)):
        tensors = inputs_of(tokens)
        expected, _ = sdpa_attention_forward(module, *tensors, None)
        assert torch.equal(attend(module, *tensors, None)[0], expected) is equal


def test_weights_are_dropped_as_often_as_asked() -> None:
    query, key, _ = inputs_of(64)
    value = torch.eye(64).expand(2, 4, 64, 64)
    attended, _ = attend(Attention(is_causal=False), query, key, value, None, dropout=0.25, scaling=1.0)
    assert float((attended == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert float(attended.sum(-1).mean()) == pytest.approx(1, abs=0.02)


def test_weights_are_computed_in_float32_from_bfloat16() -> None:
    query, key, value = (tensor.bfloat16() for tensor in inputs_of(26))
    module = Attention(is_causal=False)
    attended, _ = attend(module, query, key, value, None)
    expected, _ = attend(module, query.float(), key.float(), value.float(), None)
    assert attended.dtype is torch.bfloat16
    torch.testing.assert_close(attended.float(), expected, rtol=5e-2, atol=5e-2)


@pytest.mark.parametrize(("model_type", "expected"), [("bert", NAME), ("llama", NAME), ("deberta-v2", "eager")])
def test_only_models_that_use_torch_s_kernel_are_changed_and_only_inside_the_block(
    tmp_path: Path, model_type: str, expected: str
) -> None:
    model = inside(adapted(tmp_path, model_type))
    before = model.config._attn_implementation
    with short_attention(model):
        assert model.config._attn_implementation == expected
    assert model.config._attn_implementation == before


def test_the_model_s_own_attention_is_back_after_an_error(tmp_path: Path) -> None:
    model = inside(adapted(tmp_path, "bert"))
    with pytest.raises(KeyboardInterrupt), short_attention(model):
        raise KeyboardInterrupt
    assert model.config._attn_implementation == "sdpa"
