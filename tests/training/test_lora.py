from pathlib import Path

import pytest

from adue.foundation.errors import ModelError
from adue.models.pretrained import load_classifier
from adue.training import TARGET_MODULES, TrainingSettings
from adue.training.lora import add_lora, default_targets, linear_layers
from tests.support.tiny import CONFIGS, save_tiny_base


@pytest.mark.parametrize("model_type", CONFIGS)
def test_every_layer_gets_lora_on_query_key_and_value(tmp_path: Path, model_type: str) -> None:
    model = add_lora(load_classifier(str(save_tiny_base(tmp_path, model_type))), TrainingSettings())
    adapted = [name for name, _ in model.named_modules() if name.endswith("lora_A.default")]
    assert len(adapted) == 2 * len(TARGET_MODULES[model_type])
    assert {name.split(".")[-3] for name in adapted} == set(TARGET_MODULES[model_type])


@pytest.mark.parametrize("model_type", CONFIGS)
def test_only_lora_and_what_comes_after_the_base_model_learn(tmp_path: Path, model_type: str) -> None:
    loaded = load_classifier(str(save_tiny_base(tmp_path, model_type, with_head=True)))
    prefix = f"base_model.model.{loaded.model.base_model_prefix}."
    learning = [name for name, value in add_lora(loaded, TrainingSettings()).named_parameters() if value.requires_grad]
    assert any(name.startswith(prefix) for name in learning)
    assert any(not name.startswith(prefix) for name in learning)
    assert all("lora_" in name for name in learning if name.startswith(prefix))


def test_no_checkpoint_will_ask_the_hub_for_the_base_model(tmp_path: Path) -> None:
    model = add_lora(load_classifier(str(save_tiny_base(tmp_path, "bert"))), TrainingSettings())
    model.save_pretrained(str(tmp_path / "checkpoint"))
    assert model.peft_config["default"].base_model_name_or_path is None


def test_layers_that_do_not_exist_are_refused_with_those_that_do(tmp_path: Path) -> None:
    loaded = load_classifier(str(save_tiny_base(tmp_path, "bert")))
    with pytest.raises(ModelError, match=r"LoRA cannot be put on q_proj of Bert.* --target-modules: dense, key, query"):
        add_lora(loaded, TrainingSettings(target_modules=("q_proj",)))


def test_an_unknown_architecture_says_how_to_name_its_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_classifier(str(save_tiny_base(tmp_path, "gpt2"))).model
    monkeypatch.setattr(model.config, "model_type", "unheard-of")
    with pytest.raises(ModelError, match=r"sit in 'unheard-of'; name them with --target-modules, among c_attn, c_fc"):
        default_targets(model)
    assert linear_layers(model) == ["c_attn", "c_fc", "c_proj"]
