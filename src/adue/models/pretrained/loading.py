"""Loading a model for its task: every way in which it can fail has one line that says how to fix it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import torch
from huggingface_hub import try_to_load_from_cache
from peft import TaskType
from safetensors import SafetensorError
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from adue.foundation.errors import ArtifactError, ModelError
from adue.models.folder.find import require_base_model
from adue.models.pretrained.packaged import resolve_base_model
from adue.models.pretrained.quiet import quiet_transformers

Dtype = torch.dtype | Literal["auto"]

AUTO_CLASSES: dict[TaskType, tuple[Any, str]] = {
    TaskType.SEQ_CLS: (AutoModelForSequenceClassification, "a sequence classifier"),
    TaskType.TOKEN_CLS: (AutoModelForTokenClassification, "a token classifier"),
    TaskType.CAUSAL_LM: (AutoModelForCausalLM, "a causal language model"),
}
"""By PEFT's name of the task: what loads the model, and what to call it."""


@dataclass(frozen=True)
class LoadedClassifier:
    """A model in eval mode, its tokenizer, and what is known of its origin.

    Attributes
    ----------
    name
        What the model was asked for by.
    fresh_keys
        Parameters that the checkpoint lacks, or holds for another number of classes, and that were therefore
        initialised at random, sorted.
    revision
        Commit hash where the model came from the hub or its cache, None where it came from a folder.
    """

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    fresh_keys: tuple[str, ...]
    revision: str | None


def load_classifier(
    base_model: str,
    *,
    num_labels: int | None = None,
    id2label: Mapping[int, str] | None = None,
    dtype: Dtype = "auto",
    revision: str | None = None,
    replace_head: bool = False,
    trust_remote_code: bool = False,
    task: TaskType = TaskType.SEQ_CLS,
) -> LoadedClassifier:
    """Return the model for a task on `base_model`, in eval mode on the CPU, with a tokenizer that can pad.

    Weights are read from safetensors only. Where the checkpoint has no classification head, one is initialised at
    random (torch's global generator) and named in `fresh_keys`. Where the tokenizer has no padding token, its end
    (or unknown) token serves, and the model's configuration agrees.

    Parameters
    ----------
    base_model
        Folder, hub id, or a name in PACKAGED_MODELS.
    num_labels, id2label
        Classes; by default the checkpoint's own.
    dtype
        Of the weights; ``"auto"`` keeps the checkpoint's.
    revision
        Branch, tag or commit on the hub.
    replace_head
        Whether a head for another number of classes makes way for a random one, to be filled from elsewhere.
    trust_remote_code
        Whether Python code that a hub repository ships may run.
    task
        One of AUTO_CLASSES.

    Raises
    ------
    ModelError
        When the base model is not there, does not do that task, or its head has another number of classes.
    ArtifactError
        When its weights are missing in part, cut short or damaged.
    """
    require_base_model(base_model)
    source = resolve_base_model(base_model)
    options = {"revision": revision, "trust_remote_code": trust_remote_code}
    with quiet_transformers():
        config = _load_config(base_model, source, num_labels, id2label, options)
        tokenizer = load_tokenizer(
            source, f"base model '{base_model}'", revision=revision, trust_remote_code=trust_remote_code
        )
        model, info = _load_model(base_model, source, config, task, options | {"dtype": dtype})
    _refuse_wrong_weights(base_model, model, info, replace_head=replace_head)
    _agree_on_padding(base_model, model, tokenizer)
    return LoadedClassifier(
        name=base_model,
        model=model.eval(),
        tokenizer=tokenizer,
        fresh_keys=tuple(sorted({*info["missing_keys"], *(key for key, *_ in info["mismatched_keys"])})),
        revision=_commit(source, revision),
    )


def load_tokenizer(
    source: str, owner: str, *, revision: str | None = None, trust_remote_code: bool = False
) -> PreTrainedTokenizerBase:
    """Return the tokenizer that lies in the folder or repository `source`; errors call it that of `owner`.

    Raises
    ------
    ModelError
        When there is none, or its vocabulary is missing.
    """
    cure = "put its tokenizer.json and tokenizer_config.json beside the weights"
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            source, revision=revision, trust_remote_code=trust_remote_code
        )
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(f"{owner} has no tokenizer that can be read ({_first_line(error)}); {cure}") from error
    # Where the files are missing, transformers makes a tokenizer that knows its special tokens only.
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise ModelError(f"{owner} has no tokenizer that can be read (it knows no words); {cure}")
    return tokenizer


def _commit(source: str, revision: str | None) -> str | None:
    if Path(source).is_dir():
        return None
    cached = try_to_load_from_cache(source, "config.json", revision=revision)
    return Path(cached).parent.name if isinstance(cached, str) else None


def _load_config(
    name: str, source: str, num_labels: int | None, id2label: Mapping[int, str] | None, options: dict[str, Any]
) -> PreTrainedConfig:
    if id2label is not None and num_labels not in {None, len(id2label)}:
        raise ModelError(f"num_labels is {num_labels}, id2label names {len(id2label)} classes; give one of the two")
    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(source, **options)
    except OSError as error:
        raise ModelError(_describe_missing(name, source)) from error
    except ValueError as error:
        if "trust_remote_code" in str(error):
            raise ModelError(
                f"'{name}' ships Python code that has to run to load it, and adue runs none by itself; "
                "read it, and pass --trust-remote-code if you trust it"
            ) from error
        raise ModelError(
            f"the config.json of base model '{name}' is not one that transformers knows ({_first_line(error)}); "
            "give another model with --base-model (adue train: --model)"
        ) from error
    if id2label is not None:
        config.id2label = dict(id2label)
        config.label2id = {label: index for index, label in id2label.items()}
    elif num_labels is not None and num_labels != config.num_labels:
        config.num_labels = num_labels
    return config


def _load_model(
    name: str, source: str, config: PreTrainedConfig, task: TaskType, options: dict[str, Any]
) -> tuple[PreTrainedModel, dict[str, Any]]:
    auto_class, called = AUTO_CLASSES[task]
    try:
        # Sizes that differ are reported by adue with both numbers; transformers would only print them.
        model, info = auto_class.from_pretrained(
            source,
            config=config,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **options,
        )
    except SafetensorError as error:
        raise ArtifactError(
            f"the weights of base model '{name}' are damaged or cut short ({_first_line(error)}); fetch them again"
        ) from error
    except OSError as error:
        raise ModelError(
            f"base model '{name}' has no safetensors weights that can be read ({_first_line(error)}); adue reads no "
            "pickled .bin files: save the model with save_pretrained, or give another with --base-model (adue train: "
            "--model)"
        ) from error
    except ValueError as error:
        raise ModelError(
            f"base model '{name}' ({config.model_type}) cannot be loaded as {called} "
            f"({_first_line(error)}); give another model with --base-model (adue train: --model)"
        ) from error
    return model, info


def _refuse_wrong_weights(name: str, model: PreTrainedModel, info: dict[str, Any], *, replace_head: bool) -> None:
    base = f"{model.base_model_prefix}."
    mismatched = sorted((key, tuple(found), tuple(wanted)) for key, found, wanted in info["mismatched_keys"])
    for key, found, wanted in mismatched:
        if key.startswith(base) or found[0] == wanted[0]:
            raise ArtifactError(
                f"the weights of base model '{name}' do not fit its config.json: {key} has shape {found}, expected "
                f"{wanted}; fetch both again"
            )
    if mismatched and not replace_head:
        _, found, wanted = mismatched[0]
        raise ModelError(
            f"the head of base model '{name}' has {found[0]} classes, {wanted[0]} were asked for; "
            f"use {found[0]} classes, or a base model without a classification head"
        )
    # A pooler may be absent from a pre-trained checkpoint; an embedding or a numbered layer never is.
    lost = sorted(key for key in info["missing_keys"] if key.startswith(base) and re.search(r"\.\d+\.|embed|wte", key))
    if lost:
        raise ArtifactError(
            f"the weights of base model '{name}' are incomplete: {len(lost)} tensors such as {lost[0]} are missing; "
            "fetch them again, and check that config.json belongs to them"
        )


def _agree_on_padding(name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    # Some checkpoints ship a padding token that was added to the tokenizer alone and has no embedding.
    embeddings = len(cast("Tensor", model.get_input_embeddings().weight))
    candidates = (tokenizer.pad_token, tokenizer.eos_token, tokenizer.unk_token)
    ids = [tokenizer.convert_tokens_to_ids(token) for token in candidates if token is not None]
    usable = next((index for index in ids if isinstance(index, int) and index < embeddings), None)
    if usable is None:
        raise ModelError(
            f"the tokenizer of base model '{name}' has no padding, end or unknown token within the model's "
            f"{embeddings} embeddings; set pad_token in its tokenizer_config.json"
        )
    if tokenizer.pad_token_id != usable:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(usable)
    model.config.pad_token_id = usable


def _describe_missing(name: str, source: str) -> str:
    if Path(source).is_dir():
        return (
            f"the folder of base model '{name}' holds no readable config.json; give another with --base-model (adue "
            "train: --model)"
        )
    return (
        f"base model '{name}' is neither a folder nor in the local Hugging Face cache, and could not be fetched; "
        "copy it to this machine and give its folder with --base-model (adue train: --model)"
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0].rstrip(".:") or type(error).__name__
