"""Step three: the model that a folder describes, with proof of where its head's weights came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from peft import PeftModel, PeftType, TaskType
from torch import nn
from transformers import PreTrainedTokenizerBase

from adue.foundation.errors import ModelError
from adue.models.features.requirements import require_several_outputs
from adue.models.folder.file_names import ADAPTER_CONFIG_FILE
from adue.models.folder.read import SavedFolder
from adue.models.pretrained import LoadedClassifier, in_one_line, load_classifier
from adue.models.trained.attach import attach_adapter, refuse_random_weights
from adue.models.trained.origin import Origin, acting_settings, class_names, extra_keys, head_key, head_source
from adue.models.trained.peft_config import adapter_config
from adue.models.trained.saved_parts import saved_parts


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
        Names of the classes; by default those that adue saved with the adapter, else those of a ``config.json`` beside
        it, else the base model's.
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
        When the base model is not there, a head's weights were never saved, tensors of the adapter are missing or left
        over, it is for another task, two classes have one name, or the tokenizer does not belong to the model.
    ArtifactError
        When the adapter's configuration is not one that PEFT knows, or the base model's files are damaged.
    """
    names = dict(id2label) if id2label else saved.id2label
    options: dict[str, Any] = {"dtype": dtype, "trust_remote_code": trust_remote_code, "task": task}
    if saved.kind == "adapter":
        loaded = _build_adapter(saved, base_model, names, options, merge=merge)
    else:
        loaded = _build_whole(saved, names, options)
    with in_one_line(
        lambda why, _: ModelError(f"the model cannot be moved to {device} ({why}); choose another --device")
    ):
        loaded.model.to(device).eval()
    return loaded


def _build_adapter(
    saved: SavedFolder, base_model: str | None, names: dict[int, str] | None, options: dict[str, Any], *, merge: bool
) -> LoadedModel:
    config = adapter_config(saved, options["task"])
    base = _load_base(saved, base_model, names, options)
    if saved.problem_type is not None:
        base.model.config.update({"problem_type": saved.problem_type})
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
        settings=acting_settings(config),
        extra_keys=extra_keys(model, saved.tensors),
        reading=saved.reading,
    )
    return LoadedModel(_merge(model) if merge else model, base.tokenizer, origin)


def _merge(model: PeftModel) -> nn.Module:
    kind = PeftType(model.active_peft_config.peft_type).value
    with in_one_line(lambda why, _: ModelError(f"a {kind} adapter cannot be merged ({why}); leave --merge out")):
        merged: nn.Module = model.merge_and_unload()
    return merged


def _build_whole(saved: SavedFolder, names: dict[int, str] | None, options: dict[str, Any]) -> LoadedModel:
    loaded = load_classifier(str(saved.path), id2label=names, whole=True, **options)
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
    if classes is not None:
        require_several_outputs(classes, f"the head saved in {saved.path}")
    if names is not None and classes is not None and len(names) != classes:
        raise ModelError(
            f"the head saved in {saved.path} has {classes} classes, but {len(names)} names were given; "
            "give one name per class with --labels (id2label)"
        )
    return load_classifier(
        name,
        num_labels=None if names else classes,
        id2label=names,
        revision=saved.config.get("revision") if base_model is None else None,
        # The base model may carry the head of another task; the adapter's takes its place.
        replace_head=classes is not None,
        saved=saved_parts(saved, trust_remote_code=options["trust_remote_code"]),
        **options,
    )
