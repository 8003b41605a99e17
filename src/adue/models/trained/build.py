"""Step three: the model that a folder describes, with proof of where its head's weights came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from peft import TaskType
from torch import nn
from transformers import PreTrainedTokenizerBase

from adue.foundation.errors import ModelError
from adue.models.folder.file_names import ADAPTER_CONFIG_FILE
from adue.models.folder.read import SavedFolder
from adue.models.pretrained import LoadedClassifier, load_classifier, load_tokenizer, quiet_transformers
from adue.models.trained.attach import adapter_config, attach_adapter, refuse_random_weights
from adue.models.trained.origin import Origin, class_names, head_key, head_source


@dataclass(frozen=True)
class LoadedModel:
    """A trained classifier in evaluation mode, its tokenizer, and where they came from."""

    model: nn.Module
    tokenizer: PreTrainedTokenizerBase
    origin: Origin


def build_model(
    saved: SavedFolder,
    *,
    base_model: str | None = None,
    id2label: Mapping[int, str] | None = None,
    dtype: torch.dtype | Literal["auto"] = "auto",
    merge: bool = False,
    device: str | torch.device = "cpu",
    trust_remote_code: bool = False,
    task: TaskType = TaskType.SEQ_CLS,
) -> LoadedModel:
    """Return the classifier in a folder, an adapter on its base model or a whole model.

    Parameters
    ----------
    saved
        What :func:`adue.models.folder.read.read_folder` found.
    base_model
        Folder or name of the base model, where the one that the adapter names is not there.
    id2label
        Names of the classes; by default those saved with the adapter, else the base model's.
    dtype
        Of the base model's weights; ``"auto"`` keeps the checkpoint's.
    merge
        Add the adapter into the base's weights; faster, and in half precision the logits change a little.
    device
        Where the model goes.
    trust_remote_code
        Whether Python code that a hub repository ships may run.
    task
        What kind of model to load.

    Raises
    ------
    ModelError
        When the base model is not there, a head's weights were never saved, or the adapter is for another task.
    ArtifactError
        When the adapter's configuration is not one that PEFT knows, or the base model's files are damaged.
    """
    names = dict(id2label) if id2label else saved.id2label
    options: dict[str, Any] = {"dtype": dtype, "trust_remote_code": trust_remote_code, "task": task}
    if saved.kind == "adapter":
        loaded = _build_adapter(saved, base_model, names, options, merge=merge)
    else:
        loaded = _build_whole(saved, names, options)
    loaded.model.to(device).eval()
    return loaded


def _build_adapter(
    saved: SavedFolder, base_model: str | None, names: dict[int, str] | None, options: dict[str, Any], *, merge: bool
) -> LoadedModel:
    config = adapter_config(saved, options["task"])
    base = _load_base(saved, base_model, names, options)
    refuse_random_weights(saved, base)
    model = attach_adapter(saved, config, base)
    origin = Origin(
        sha256=saved.sha256,
        base_model=base.name,
        base_model_revision=base.revision,
        head_source=head_source(saved.tensors),
        merged=merge,
        id2label=class_names(base.model),
        max_length=saved.max_length,
        reading=saved.reading,
    )
    plain: nn.Module = model.merge_and_unload() if merge else model
    return LoadedModel(plain, _load_tokenizer(saved, base, options["trust_remote_code"]), origin)


def _build_whole(saved: SavedFolder, names: dict[int, str] | None, options: dict[str, Any]) -> LoadedModel:
    loaded = load_classifier(str(saved.path), id2label=names, **options)
    refuse_random_weights(saved, loaded)
    origin = Origin(saved.sha256, str(saved.path), None, "base model", False, class_names(loaded.model))
    return LoadedModel(loaded.model, loaded.tokenizer, origin)


def _load_base(
    saved: SavedFolder, base_model: str | None, names: dict[int, str] | None, options: dict[str, Any]
) -> LoadedClassifier:
    """Return the adapter's base model, with the number of classes that the adapter's head has."""
    name = base_model or saved.base_model
    if not name:
        raise ModelError(f"{saved.path / ADAPTER_CONFIG_FILE} names no base model; give it with --base-model")
    key = head_key(saved.tensors)
    classes = None if key is None else saved.tensors[key].shape[0]
    if names is not None and classes is not None and len(names) != classes:
        raise ModelError(
            f"the head saved in {saved.path} has {classes} classes, but {len(names)} names were given; "
            "give one name per class in id2label"
        )
    return load_classifier(
        name,
        num_labels=None if names else classes,
        id2label=names,
        revision=saved.config.get("revision") if base_model is None else None,
        # The base model may carry the head of another task; the adapter's takes its place.
        replace_head=classes is not None,
        **options,
    )


def _load_tokenizer(saved: SavedFolder, base: LoadedClassifier, trust_remote_code: bool) -> PreTrainedTokenizerBase:
    """Return the tokenizer saved with the adapter, else the base model's; both pad with the model's padding id."""
    if not (saved.path / "tokenizer_config.json").is_file():
        return base.tokenizer
    with quiet_transformers():
        tokenizer = load_tokenizer(str(saved.path), f"the adapter {saved.path}", trust_remote_code=trust_remote_code)
    if tokenizer.pad_token_id != base.model.config.pad_token_id:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(base.model.config.pad_token_id)
    return tokenizer
