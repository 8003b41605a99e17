"""Loading a model for its task: every way in which it can fail has one line that says how to fix it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from huggingface_hub import try_to_load_from_cache
from peft import TaskType
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from adue.models.folder.find import require_base_model
from adue.models.pretrained.checkpoint import load_config, load_model
from adue.models.pretrained.packaged import resolve_base_model
from adue.models.pretrained.padding import agree_on_padding
from adue.models.pretrained.quiet import quiet_transformers
from adue.models.pretrained.tokenizer import load_tokenizer
from adue.models.pretrained.vocabulary import embedding_rows, refuse_tokens_without_embedding, resize_embeddings
from adue.models.pretrained.weights import refuse_wrong_weights

Dtype = torch.dtype | Literal["auto"]


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


@dataclass(frozen=True)
class SavedParts:
    """What was saved with an adapter and takes the place of its base model's own.

    Attributes
    ----------
    owner
        The adapter in words, for errors.
    tokenizer
        Its tokenizer, None where it has none.
    embeddings
        Rows of the matrices that it holds, by the name of their module in the base model.
    """

    owner: str
    tokenizer: PreTrainedTokenizerBase | None
    embeddings: Mapping[str, int]


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
    whole: bool = False,
    saved: SavedParts | None = None,
) -> LoadedClassifier:
    """Return the model for a task on `base_model`, in eval mode on the CPU, with a tokenizer that can pad.

    Weights are read from safetensors only. Where the checkpoint has no classification head, one is initialised at
    random (torch's global generator) and named in `fresh_keys`.

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
        What kind of model to load.
    whole
        Whether `base_model` is a whole classifier, every tensor of which has to find its place.
    saved
        What was saved with an adapter of the model and decides over the model's own.

    Raises
    ------
    ModelError
        When the base model is not there, does not do that task, its head has another number of classes, or its
        tokenizer has tokens that it has no embedding for.
    ArtifactError
        When its weights are missing in part, left over in part, cut short or damaged.

    Warns
    -----
    DataWarning
        When neither tokenizer nor model names a padding token and another one is taken.
    """
    require_base_model(base_model)
    source = resolve_base_model(base_model)
    options: dict[str, Any] = {"revision": revision, "trust_remote_code": trust_remote_code}
    saved = saved or SavedParts("", None, {})
    owner = saved.owner if saved.tokenizer is not None else f"base model '{base_model}'"
    with quiet_transformers():
        config = load_config(base_model, source, num_labels, id2label, options)
        tokenizer = saved.tokenizer or load_tokenizer(source, owner, **options)
        model, info = load_model(base_model, source, config, task, options | {"dtype": dtype})
        refuse_wrong_weights(base_model, model, info, replace_head=replace_head, whole=whole)
        resize_embeddings(model, saved.embeddings)
    rows = embedding_rows(model)
    refuse_tokens_without_embedding(tokenizer, rows, owner)
    agree_on_padding(model, tokenizer, rows, owner, own_tokenizer=saved.tokenizer is not None)
    return LoadedClassifier(
        name=base_model,
        model=model.eval(),
        tokenizer=tokenizer,
        fresh_keys=tuple(sorted({*info["missing_keys"], *(key for key, *_ in info["mismatched_keys"])})),
        revision=_commit(source, revision),
    )


def _commit(source: str, revision: str | None) -> str | None:
    if Path(source).is_dir():
        return None
    cached = try_to_load_from_cache(source, "config.json", revision=revision)
    return Path(cached).parent.name if isinstance(cached, str) else None
