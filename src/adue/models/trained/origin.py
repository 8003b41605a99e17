"""Where a frozen classifier came from: its weights' digest, its base model, the source of its head."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub import try_to_load_from_cache
from huggingface_hub.errors import HFValidationError
from peft import PeftConfig, PeftModel, get_peft_model_state_dict
from torch import Tensor, nn

from adue.foundation.config import HeadSource, Reading
from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import ModelError
from adue.models.features.architectures import output_paths
from adue.models.features.inner import active_adapter, classification_model
from adue.models.folder.file_names import MODEL_CONFIG_FILE
from adue.models.folder.read import read_json

PREFIX = "base_model.model."
"""What PEFT puts before the names of the base model's parts."""

_ACTING = ("r", "lora_alpha", "alpha", "use_rslora", "use_dora", "alpha_pattern", "rank_pattern", "fan_in_fan_out")
"""Settings of adapters that change answers and lie in no tensor."""

_HEAD_KEYS = frozenset(f"{PREFIX}{path}.weight" for path in output_paths(""))


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
    settings: Mapping[str, Any] = field(default_factory=dict)
    """How strongly the adapter acts, as :func:`acting_settings` has it; empty where there is no adapter."""
    extra_keys: tuple[str, ...] = ()
    """Tensors of the base model that were saved with the adapter: embeddings of a changed vocabulary, biases."""
    reading: Reading | None = None
    """What was done to every text in training, where it is known."""

    def __post_init__(self) -> None:
        """Refuse names of classes that do not tell the classes apart.

        Raises
        ------
        ModelError
            When two classes have one name, or a class has none.
        """
        names = list(self.id2label.values())
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ModelError(
                f"two classes are called '{twice[0]}' ({', '.join(names)}); give each a name of "
                "its own with --labels (id2label), in the order of their ids"
            )
        if sorted(self.id2label) != list(range(len(names))):
            raise ModelError(
                f"the names of the classes have the ids {', '.join(map(str, sorted(self.id2label)))}, not 0 to "
                f"{len(names) - 1}; give them with --labels (id2label), in the order of their ids"
            )


def origin_in_memory(model: nn.Module) -> Origin:
    """Return the origin of a model that was made or loaded elsewhere; that its head was trained is taken on trust."""
    inner = classification_model(model)
    if isinstance(model, PeftModel):
        name = str(active_adapter(model))
        base_model = model.peft_config[name].base_model_name_or_path
        settings = acting_settings(model.peft_config[name])
        extra = _resized_embeddings(model, base_model)
        tensors = adapter_tensors(model, name, extra)
    else:
        tensors, base_model, settings, extra = model.state_dict(), None, {}, ()
    source: HeadSource = head_source(tensors) if isinstance(model, PeftModel) else "base model"
    named = base_model or inner.config.name_or_path or type(inner).__name__
    names, sha256 = class_names(inner), tensors_sha256(tensors)
    return Origin(sha256, named, None, source, False, names, settings=settings, extra_keys=extra)


def acting_settings(config: PeftConfig) -> dict[str, Any]:
    """Return what an adapter's configuration says about how strongly it acts."""
    return {name: getattr(config, name) for name in _ACTING if hasattr(config, name)}


def adapter_tensors(model: PeftModel, adapter: str, extra: Iterable[str] = ()) -> dict[str, Tensor]:
    """Return what is saved of an adapter: its own tensors, and the base model's with the keys `extra`."""
    own: dict[str, Tensor] = get_peft_model_state_dict(model, adapter_name=adapter, save_embedding_layers=False)
    state = model.state_dict() if extra else {}
    return own | {key: state[key] for key in extra}


def extra_keys(model: PeftModel, saved: Iterable[str]) -> tuple[str, ...]:
    """Return which tensors of an adapter's file, `saved`, took the place of tensors of the base model itself."""
    own = get_peft_model_state_dict(model, adapter_name=str(active_adapter(model)), save_embedding_layers=False)
    return tuple(sorted((set(saved) - set(own)) & set(model.state_dict())))


def _resized_embeddings(model: Any, base_model: str | None) -> tuple[str, ...]:
    """Return the keys of the embeddings where their number differs from that of a base model on this machine."""
    embeddings = getattr(model.get_base_model(), "get_input_embeddings", None)
    file = _config_file(base_model) if base_model else None
    if embeddings is None or file is None:
        return ()
    if read_json(file).get("vocab_size") in {None, len(embeddings().weight)}:
        return ()
    name = str(active_adapter(model))
    return extra_keys(model, get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=True))


def _config_file(base_model: str) -> Path | None:
    """Return the configuration of a base model that lies on this machine, in a folder or in the hub's cache."""
    inside = Path(base_model).expanduser() / MODEL_CONFIG_FILE
    if inside.is_file():
        return inside
    try:
        cached = try_to_load_from_cache(base_model, MODEL_CONFIG_FILE)
    except HFValidationError:
        return None  # the path of a folder that is gone
    return Path(cached) if isinstance(cached, str) else None


def head_source(keys: Iterable[str]) -> HeadSource:
    """Return where the classification head came from, given the names of an adapter's tensors."""
    return "base model" if head_key(keys) is None else "adapter"


def head_key(keys: Iterable[str]) -> str | None:
    """Return which of an adapter's tensors is the weight of a classification head, None where none is."""
    return next((key for key in keys if key in _HEAD_KEYS), None)


def class_names(model: Any) -> dict[int, str]:
    """Return the names of the classes in the configuration of `model`."""
    return {int(index): str(name) for index, name in model.config.id2label.items()}
