"""The adapter onto its base model, with proof that no weight is left to chance and none left out."""

from collections.abc import Sequence

from peft import MODEL_TYPE_TO_PEFT_MODEL_MAPPING, PeftConfig, PeftModel, get_peft_model_state_dict

from adue.foundation.errors import ModelError
from adue.models.features.finite import refuse_not_finite
from adue.models.folder.file_names import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from adue.models.folder.read import SavedFolder
from adue.models.pretrained import LoadedClassifier, in_one_line, quiet_peft
from adue.models.trained.origin import PREFIX

_SHOWN = 4
"""Names of missing tensors that an error lists at most."""

_WRAPPED = ".modules_to_save."
_ADAPTER = "default"
"""What PEFT calls an adapter that nobody named."""


def refuse_random_weights(saved: SavedFolder, base: LoadedClassifier) -> None:
    """Refuse a base model with weights drawn at random that nothing in the folder takes the place of.

    Raises
    ------
    ModelError
        When there is such a weight.
    """
    provided = {key.removeprefix(PREFIX) for key in saved.tensors} if saved.kind == "adapter" else set()
    random = [key for key in base.fresh_keys if key not in provided]
    if not random:
        return
    modules = sorted({key.split(".")[0] if "." in key else key for key in random})
    raise ModelError(
        f"the weights {', '.join(random)} are neither in the adapter {saved.path} nor in its base model, so the "
        f"classifier would answer with random ones; train again with modules_to_save={modules} in the LoraConfig and "
        "save with save_pretrained, or give a base model that holds them with --base-model"
    )


def attach_adapter(saved: SavedFolder, config: PeftConfig, base: LoadedClassifier) -> PeftModel:
    """Return the base model with the adapter on it: every weight was in the file, and none of the file is left over.

    Raises
    ------
    ModelError
        When the adapter does not fit the base model, lacks a weight, has one too many, or holds NaN.
    """

    def word(why: str, error: Exception) -> ModelError:
        if isinstance(error, KeyError):
            # PEFT asks for every tensor of a saved head by its name.
            return _incomplete(saved, [str(error.args[0])])
        return ModelError(
            f"the adapter {saved.path} does not fit its base model ({why}); check --base-model, and that "
            f"{ADAPTER_CONFIG_FILE} belongs to these weights"
        )

    with in_one_line(word), quiet_peft():
        # As PeftModel.from_pretrained does, which keeps to itself what it found no place for.
        config.inference_mode = True
        model = MODEL_TYPE_TO_PEFT_MODEL_MAPPING.get(config.task_type or "", PeftModel)(base.model, config, _ADAPTER)
        mapping = getattr(base.model, "_checkpoint_conversion_mapping", {})
        # By itself PEFT reads the file onto a GPU, where there is one.
        loaded = model.load_adapter(str(saved.path), _ADAPTER, torch_device="cpu", key_mapping=mapping)
    weights = get_peft_model_state_dict(model, save_embedding_layers=False)
    missing = sorted(set(weights) - set(saved.tensors))
    if missing:
        raise _incomplete(saved, missing)
    unexpected = sorted(key.replace(f".{_ADAPTER}.", ".") for key in loaded.unexpected_keys)
    surplus = [key for key in unexpected if not _is_second_copy(key, saved)]
    if surplus:
        raise _surplus(saved, surplus)
    refuse_not_finite(weights, f"the adapter {saved.path}")
    return model


def _is_second_copy(key: str, saved: SavedFolder) -> bool:
    """Tell a tensor that PEFT saves twice: resized embeddings in modules_to_save, once under a name it never reads."""
    return _WRAPPED in key and key.replace(_WRAPPED, ".") in saved.tensors


def _incomplete(saved: SavedFolder, missing: Sequence[str]) -> ModelError:
    shown = f"{', '.join(missing[:_SHOWN])}{' ...' if len(missing) > _SHOWN else ''}"
    return ModelError(
        f"{saved.path / ADAPTER_FILE} lacks weights that its {ADAPTER_CONFIG_FILE} promises: {shown}; "
        "save the adapter again with save_pretrained"
    )


def _surplus(saved: SavedFolder, surplus: Sequence[str]) -> ModelError:
    return ModelError(
        f"{len(surplus)} tensors of the adapter {saved.path} have no place in its base model, such as "
        f"{', '.join(surplus[:2])}; give the base model that it was trained on with --base-model, and the "
        f"{ADAPTER_CONFIG_FILE} that was saved with it"
    )
