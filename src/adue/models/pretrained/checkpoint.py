"""Reading a checkpoint: its configuration and its weights, with a line for every way in which either can fail."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from peft import TaskType
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PreTrainedConfig,
    PreTrainedModel,
)

from adue.foundation.errors import AdueError, ArtifactError, ModelError
from adue.models.pretrained.errors import in_one_line

AUTO_CLASSES: dict[TaskType, tuple[Any, str]] = {
    TaskType.SEQ_CLS: (AutoModelForSequenceClassification, "a sequence classifier"),
    TaskType.TOKEN_CLS: (AutoModelForTokenClassification, "a token classifier"),
    TaskType.CAUSAL_LM: (AutoModelForCausalLM, "a causal language model"),
}
"""By PEFT's name of the task: what loads the model, and what to call it."""

_ANOTHER = "give another model with --base-model (adue train: --model)"


def load_config(
    name: str, source: str, num_labels: int | None, id2label: Mapping[int, str] | None, options: dict[str, Any]
) -> PreTrainedConfig:
    """Return the configuration of the base model `name` for these classes.

    Raises
    ------
    ModelError
        When there is none that transformers knows, or the two ways of giving classes differ.
    """
    if id2label is not None and num_labels not in {None, len(id2label)}:
        raise ModelError(f"num_labels is {num_labels}, id2label names {len(id2label)} classes; give one of the two")

    def word(why: str, error: Exception) -> ModelError:
        if isinstance(error, OSError) or _is_gguf(source):
            return ModelError(_describe_missing(name, source))
        if "trust_remote_code" in str(error):
            return ModelError(
                f"'{name}' ships Python code that has to run to load it, and adue runs none by itself; "
                "read it, and pass --trust-remote-code if you trust it"
            )
        return ModelError(
            f"the config.json of base model '{name}' is not one that transformers knows ({why}); {_ANOTHER}"
        )

    with in_one_line(word):
        config: PreTrainedConfig = AutoConfig.from_pretrained(source, **options)
        if id2label is not None:
            config.id2label = dict(id2label)
            config.label2id = {label: index for index, label in id2label.items()}
        elif num_labels is not None and num_labels != config.num_labels:
            config.num_labels = num_labels
    return config


def load_model(
    name: str, source: str, config: PreTrainedConfig, task: TaskType, options: dict[str, Any]
) -> tuple[PreTrainedModel, dict[str, Any]]:
    """Return the model for `task` on the base model `name`, and what transformers says about its weights.

    Raises
    ------
    ModelError
        When it has no safetensors weights, a format that cannot be read here, or does not do that task.
    ArtifactError
        When its weights are damaged.
    """
    auto_class, called = AUTO_CLASSES[task]

    def word(why: str, error: Exception) -> AdueError:
        quantised = _quantisation(config)
        if quantised is not None:
            return ModelError(
                f"the weights of base model '{name}' are quantised ({quantised}) and cannot be read here ({why}); "
                "install the package that this names, or give the model in full precision with --base-model"
            )
        if isinstance(error, SafetensorError):
            return ArtifactError(
                f"the weights of base model '{name}' are damaged or cut short ({why}); fetch them again"
            )
        if isinstance(error, OSError):
            return ModelError(
                f"base model '{name}' has no safetensors weights that can be read ({why}); adue reads no pickled .bin "
                "files and no GGUF files: save the model with save_pretrained, or give another with --base-model (adue "
                "train: --model)"
            )
        return ModelError(f"base model '{name}' ({config.model_type}) cannot be loaded as {called} ({why}); {_ANOTHER}")

    with in_one_line(word):
        # Sizes that differ are reported by adue with both numbers; transformers would only print them.
        model, info = auto_class.from_pretrained(
            source,
            config=config,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **options,
        )
    return model, info


def _quantisation(config: PreTrainedConfig) -> str | None:
    """Return how the weights are quantised, None where they are not."""
    settings = getattr(config.get_text_config(), "quantization_config", None) or getattr(
        config, "quantization_config", None
    )
    if not settings:
        return None
    values = settings if isinstance(settings, dict) else settings.to_dict()
    return str(values.get("quant_method", "by an unknown method"))


def _describe_missing(name: str, source: str) -> str:
    if Path(source).is_dir():
        gguf = " (a GGUF file is there, which adue does not read)" if _is_gguf(source) else ""
        return f"the folder of base model '{name}' holds no readable config.json{gguf}; {_ANOTHER}"
    return (
        f"base model '{name}' is neither a folder nor in the local Hugging Face cache, and could not be fetched; "
        "copy it to this machine and give its folder with --base-model (adue train: --model)"
    )


def _is_gguf(source: str) -> bool:
    return Path(source).is_dir() and any(Path(source).glob("*.gguf"))
