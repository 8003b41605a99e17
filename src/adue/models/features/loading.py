"""From a folder to a frozen classifier, with proof of where its head's weights came from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from peft import PeftConfig, PeftModel, TaskType, get_peft_model_state_dict
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from adue.foundation.config import HeadSource
from adue.foundation.digests import file_sha256_of_tensors, tensors_sha256
from adue.foundation.errors import ArtifactError, ModelError
from adue.models.features.classifier import active_adapter, classification_model
from adue.models.features.layouts import output_paths
from adue.models.folders import ADAPTER_CONFIG, ADAPTER_FILE, adapter_file, model_files, require_classifier
from adue.models.pretrained import LoadedClassifier, load_classifier, load_tokenizer, quiet_peft, quiet_transformers

_PREFIX = "base_model.model."
_READERS = {
    TaskType.SEQ_CLS: "AdueModel",
    TaskType.TOKEN_CLS: "AdueModelForTokenClassification",
    TaskType.CAUSAL_LM: "AdueModelForMultipleChoice",
}
"""What an adapter of each task is opened with."""


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


@dataclass(frozen=True)
class LoadedModel:
    """A trained classifier in evaluation mode, its tokenizer, and where they came from."""

    model: nn.Module
    tokenizer: PreTrainedTokenizerBase
    origin: Origin


def load_trained(
    folder: Path,
    *,
    base_model: str | None = None,
    id2label: Mapping[int, str] | None = None,
    dtype: torch.dtype | Literal["auto"] = "auto",
    merge: bool = False,
    device: str | torch.device = "cpu",
    trust_remote_code: bool = False,
    task: TaskType = TaskType.SEQ_CLS,
) -> LoadedModel:
    """Return the classifier in `folder`, an adapter or a whole model.

    Parameters
    ----------
    base_model
        Folder or name of the base model, where the one that the adapter names is not there.
    id2label
        Names of the classes; by default those saved with the adapter, else the base model's.
    dtype
        Of the base model's weights; ``"auto"`` keeps the checkpoint's.
    merge
        Add the adapter into the base's weights; faster, and in half precision the logits change a little.
    trust_remote_code
        Whether Python code that a hub repository ships may run.
    task
        What kind of model to load.

    Raises
    ------
    ModelError
        When the base model is not there, a head's weights were never saved, or the adapter is for another task.
    ArtifactError
        When the adapter's file is missing, damaged, or holds pickles only.
    """
    options: dict[str, Any] = {"dtype": dtype, "trust_remote_code": trust_remote_code, "task": task}
    require_classifier(folder)
    if (folder / ADAPTER_CONFIG).is_file():
        loaded = _load_adapter(folder, base_model, id2label, options, merge=merge)
    else:
        loaded = _load_whole(folder, id2label, options)
    loaded.model.to(device).eval()
    return loaded


def origin_in_memory(model: nn.Module) -> Origin:
    """Return the origin of a model that was made or loaded elsewhere; that its head was trained is taken on trust."""
    inner = classification_model(model)
    if isinstance(model, PeftModel):
        name = str(active_adapter(model))
        tensors = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
        base_model = model.peft_config[name].base_model_name_or_path
    else:
        tensors, base_model = model.state_dict(), None
    source: HeadSource = "adapter" if isinstance(model, PeftModel) and any(map(_is_head, tensors)) else "base model"
    named = base_model or inner.config.name_or_path or type(inner).__name__
    return Origin(tensors_sha256(tensors), named, None, source, False, _names(inner))


def read_adapter(folder: Path) -> dict[str, Tensor]:
    """Return the adapter's tensors as they lie in its file.

    Raises
    ------
    ArtifactError
        When the file is missing, truncated, or a pickle.
    """
    return _read_tensors([adapter_file(folder)])


def whole_sha256(folder: Path) -> str:
    """Return the SHA-256 of all tensors of a whole model's checkpoint in `folder`."""
    return file_sha256_of_tensors(model_files(folder))


def _record(folder: Path, name: str) -> dict[str, Any]:
    """Return what ``adue train`` or ``adue fit`` wrote beside the adapter; empty where they did not."""
    try:
        record = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _saved_labels(folder: Path) -> dict[int, str] | None:
    # A head may have been fitted with better names than the adapter was trained with.
    for name in ("adue_config.json", "adue_training.json"):
        names = _record(folder, name).get("id2label")
        if isinstance(names, dict):
            return {int(index): str(label) for index, label in names.items()}
    return None


def _load_adapter(
    folder: Path, base_model: str | None, id2label: Mapping[int, str] | None, options: dict[str, Any], *, merge: bool
) -> LoadedModel:
    config = _read_adapter_config(folder)
    _refuse_other_task(folder, config, options["task"])
    tensors = read_adapter(folder)
    named = base_model or config.base_model_name_or_path
    if not named:
        raise ModelError(f"{folder}/adapter_config.json names no base model; give it with --base-model")
    names = dict(id2label) if id2label else _saved_labels(folder)
    classes = _count_classes(tensors)
    if names is not None and classes is not None and len(names) != classes:
        raise ModelError(
            f"the head saved in {folder} has {classes} classes, but {len(names)} names were given; "
            "give one name per class in id2label"
        )
    revision = config.revision if base_model is None else None
    num_labels = None if names else classes
    loaded = load_classifier(
        named,
        num_labels=num_labels,
        id2label=names,
        revision=revision,
        # The base model may carry the head of another task; the adapter's takes its place.
        replace_head=classes is not None,
        **options,
    )
    _refuse_random_weights(folder, loaded, tensors)
    model = _attach(folder, loaded, tensors)
    origin = Origin(
        sha256=tensors_sha256(tensors),
        base_model=named,
        base_model_revision=loaded.revision,
        head_source="adapter" if any(map(_is_head, tensors)) else "base model",
        merged=merge,
        id2label=_names(loaded.model),
        max_length=_record(folder, "adue_training.json").get("max_length"),
    )
    plain: nn.Module = model.merge_and_unload() if merge else model
    return LoadedModel(plain, _tokenizer(folder, loaded, options["trust_remote_code"]), origin)


def _load_whole(folder: Path, id2label: Mapping[int, str] | None, options: dict[str, Any]) -> LoadedModel:
    loaded = load_classifier(str(folder), id2label=id2label or _saved_labels(folder), **options)
    _refuse_random_weights(folder, loaded, {})
    origin = Origin(whole_sha256(folder), str(folder), None, "base model", False, _names(loaded.model))
    return LoadedModel(loaded.model, loaded.tokenizer, origin)


def _names(model: Any) -> dict[int, str]:
    return {int(index): str(name) for index, name in model.config.id2label.items()}


def _read_adapter_config(folder: Path) -> PeftConfig:
    try:
        config: PeftConfig = PeftConfig.from_pretrained(str(folder))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ArtifactError(f"{folder}/adapter_config.json cannot be read ({error}); save the adapter again") from error
    return config


def _refuse_other_task(folder: Path, config: PeftConfig, task: TaskType) -> None:
    trained_for = config.task_type
    if trained_for in _READERS and trained_for != task:
        raise ModelError(
            f"the adapter {folder} was trained for {TaskType(trained_for).value}, {_READERS[task]} reads {task.value}; "
            f"open it with {_READERS[TaskType(trained_for)]}"
        )


def _read_tensors(paths: list[Path]) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for path in paths:
        try:
            with safe_open(path, framework="pt") as file:
                tensors |= {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
        except (OSError, SafetensorError) as error:
            raise ArtifactError(f"{path} is damaged or cut short ({error}); copy or save it again") from error
    return tensors


def _is_head(key: str) -> bool:
    return any(key == f"{_PREFIX}{path}.weight" for path in output_paths(""))


def _count_classes(tensors: Mapping[str, Tensor]) -> int | None:
    """Return the number of classes of the head saved with the adapter, None where none was saved."""
    return next((len(tensor) for key, tensor in tensors.items() if _is_head(key)), None)


def _refuse_random_weights(folder: Path, loaded: LoadedClassifier, tensors: Mapping[str, Tensor]) -> None:
    provided = {key.removeprefix(_PREFIX) for key in tensors}
    random = [key for key in loaded.fresh_keys if key not in provided]
    if not random:
        return
    modules = sorted({key.split(".")[0] if "." in key else key for key in random})
    raise ModelError(
        f"the weights {', '.join(random)} are neither in the adapter {folder} nor in its base model, so the classifier "
        f"would answer with random ones; train again with modules_to_save={modules} in the LoraConfig and save with "
        "save_pretrained, or give a base model that holds them with --base-model"
    )


def _attach(folder: Path, loaded: LoadedClassifier, tensors: Mapping[str, Tensor]) -> PeftModel:
    """Return the base model with the adapter on it, every weight of which was in the file."""
    try:
        with quiet_peft():
            model = PeftModel.from_pretrained(loaded.model, str(folder))
    except (ValueError, RuntimeError) as error:
        first = str(error).strip().split("\n", 1)[0]
        raise ModelError(f"the adapter {folder} does not fit its base model ({first}); check --base-model") from error
    except KeyError as error:
        # PEFT asks for every tensor of a saved head by its name.
        raise _incomplete(folder, [str(error.args[0])]) from error
    expected = get_peft_model_state_dict(model, save_embedding_layers=False)
    missing = sorted(set(expected) - set(tensors))
    if missing:
        raise _incomplete(folder, missing)
    return model


def _incomplete(folder: Path, missing: Sequence[str]) -> ModelError:
    shown = f"{', '.join(missing[:4])}{' ...' if len(missing) > 4 else ''}"  # noqa: PLR2004
    return ModelError(
        f"{folder}/{ADAPTER_FILE} lacks weights that its adapter_config.json promises: {shown}; "
        "save the adapter again with save_pretrained"
    )


def _tokenizer(folder: Path, loaded: LoadedClassifier, trust_remote_code: bool) -> PreTrainedTokenizerBase:
    """Return the tokenizer saved with the adapter, else the base model's; both pad with the model's padding id."""
    if not (folder / "tokenizer_config.json").is_file():
        return loaded.tokenizer
    with quiet_transformers():
        tokenizer = load_tokenizer(str(folder), f"the adapter {folder}", trust_remote_code=trust_remote_code)
    if tokenizer.pad_token_id != loaded.model.config.pad_token_id:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(loaded.model.config.pad_token_id)
    return tokenizer
