"""Where LoRA sits in each architecture, and which modules have to be saved whole beside it."""

from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
from torch import nn
from transformers import PreTrainedModel

from adue.foundation.errors import ModelError
from adue.models.pretrained import LoadedClassifier, quiet_peft
from adue.training.settings import TrainingSettings

QUERY_KEY_VALUE = ("query", "key", "value")
PROJECTIONS = ("q_proj", "k_proj", "v_proj")

TARGET_MODULES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("bert", "roberta", "xlm-roberta", "camembert", "electra"), QUERY_KEY_VALUE),
    "distilbert": ("q_lin", "k_lin", "v_lin"),
    "deberta-v2": ("query_proj", "key_proj", "value_proj"),
    "modernbert": ("Wqkv",),
    **dict.fromkeys(
        ("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "smollm3", "olmo2", "cohere"),
        PROJECTIONS,
    ),
    "phi3": ("qkv_proj",),
    "gpt2": ("c_attn",),
}
"""Query, key and value by model_type, as in the AdUE paper (arXiv 2505.15443); PEFT's own choice for others."""

CONV1D_MODELS = frozenset({"gpt2"})
"""Architectures whose linear layers store their weights as (inputs, outputs)."""


def add_lora(loaded: LoadedClassifier, settings: TrainingSettings) -> PeftModel:
    """Return the classifier with fresh LoRA layers; they and everything that makes the head are trainable.

    Raises
    ------
    ModelError
        When no layer to adapt is known, or the named ones do not exist.
    """
    model = loaded.model
    targets = settings.target_modules or default_targets(model)
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=settings.r,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=list(targets),
        modules_to_save=modules_to_save(model, loaded.fresh_keys),
        fan_in_fan_out=model.config.model_type in CONV1D_MODELS,
    )
    # PEFT looks a base model that has a name up, on the hub if need be, at every checkpoint it saves.
    model.name_or_path = ""
    try:
        with quiet_peft():
            adapted = get_peft_model(model, config)
    except ValueError as error:
        raise ModelError(
            f"LoRA cannot be put on {', '.join(targets)} of {type(model).__name__}; "
            f"name some of its linear layers with --target-modules: {', '.join(linear_layers(model))}"
        ) from error
    return adapted


def default_targets(model: PreTrainedModel) -> tuple[str, ...]:
    """Return the layers to adapt in this architecture.

    Raises
    ------
    ModelError
        When neither adue nor PEFT knows the architecture; the message lists its linear layers.
    """
    model_type = model.config.model_type
    known = TARGET_MODULES.get(model_type) or TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING.get(model_type)
    if known is None or isinstance(known, str):
        raise ModelError(
            f"it is not known where query, key and value sit in '{model_type}'; "
            f"name them with --target-modules, among {', '.join(linear_layers(model))}"
        )
    return tuple(known)


def modules_to_save(model: PreTrainedModel, fresh_keys: tuple[str, ...]) -> list[str]:
    """Return the modules that an adapter must hold whole: the head, and all else that the base model lacks.

    The head is everything with parameters outside the base model (BERT: classifier, DistilBERT: pre_classifier too,
    DeBERTa: pooler too). Inside it, the largest modules of which no parameter came from the checkpoint are added
    (BERT checkpoints often lack the pooler). All others would come back as random numbers.
    """
    base = model.base_model_prefix
    head = [name for name, child in model.named_children() if name != base and any(True for _ in child.parameters())]
    fresh = set(fresh_keys)
    added: list[str] = []
    for name, module in model.get_submodule(base).named_modules(prefix=base):
        keys = {f"{name}.{key}" for key, _ in module.named_parameters()}
        if keys and keys <= fresh and not any(name.startswith(f"{outer}.") for outer in added):
            added.append(name)
    return head + added


def linear_layers(model: PreTrainedModel) -> list[str]:
    """Return the last part of the names of the base model's matrices that LoRA can adapt, sorted."""
    base = model.get_submodule(model.base_model_prefix)
    return sorted(
        {
            name.rsplit(".", 1)[-1]
            for name, module in base.named_modules()
            if isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"
        }
    )
