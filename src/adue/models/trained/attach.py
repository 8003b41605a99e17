"""The adapter onto its base model, with proof that no weight is left to chance."""

from collections.abc import Collection, Sequence

from peft import PEFT_TYPE_TO_CONFIG_MAPPING, PeftConfig, PeftModel, TaskType, get_peft_model_state_dict

from adue.foundation.errors import ArtifactError, ModelError
from adue.models.folder.file_names import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from adue.models.folder.read import SavedFolder
from adue.models.pretrained import LoadedClassifier, quiet_peft
from adue.models.trained.origin import PREFIX

_READERS = {
    TaskType.SEQ_CLS: "AdueModel",
    TaskType.TOKEN_CLS: "AdueModelForTokenClassification",
    TaskType.CAUSAL_LM: "AdueModelForMultipleChoice",
}
"""What an adapter of each task is opened with."""

_SHOWN = 4
"""Names of missing tensors that an error lists at most."""


def adapter_config(saved: SavedFolder, task: TaskType) -> PeftConfig:
    """Return the adapter's configuration as PEFT takes it.

    Raises
    ------
    ArtifactError
        When PEFT does not know such an adapter.
    ModelError
        When the adapter was trained for another task than `task`.
    """
    known = {name: value for name, value in saved.config.items() if name != "runtime_config"}
    try:
        kind = PEFT_TYPE_TO_CONFIG_MAPPING[known["peft_type"]]
        config: PeftConfig = kind.from_peft_type(**kind.check_kwargs(**known))
    except (ValueError, TypeError, KeyError) as error:
        raise ArtifactError(
            f"{saved.path / ADAPTER_CONFIG_FILE} cannot be read ({error}); save the adapter again"
        ) from error
    trained_for = config.task_type
    if trained_for in _READERS and trained_for != task:
        raise ModelError(
            f"the adapter {saved.path} was trained for {TaskType(trained_for).value}, {_READERS[task]} reads "
            f"{task.value}; open it with {_READERS[TaskType(trained_for)]}"
        )
    return config


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
    """Return the base model with the adapter on it, every weight of which was in the file.

    Raises
    ------
    ModelError
        When the adapter does not fit the base model, or lacks a weight.
    """
    try:
        with quiet_peft():
            # By itself PEFT reads the file onto a GPU, where there is one.
            model = PeftModel.from_pretrained(base.model, str(saved.path), config=config, torch_device="cpu")
    except (ValueError, RuntimeError) as error:
        first = str(error).strip().split("\n", 1)[0]
        raise ModelError(
            f"the adapter {saved.path} does not fit its base model ({first}); check --base-model"
        ) from error
    except KeyError as error:
        # PEFT asks for every tensor of a saved head by its name.
        raise _incomplete(saved, [str(error.args[0])]) from error
    _refuse_missing(saved, get_peft_model_state_dict(model, save_embedding_layers=False))
    return model


def _refuse_missing(saved: SavedFolder, expected: Collection[str]) -> None:
    missing = sorted(set(expected) - set(saved.tensors))
    if missing:
        raise _incomplete(saved, missing)


def _incomplete(saved: SavedFolder, missing: Sequence[str]) -> ModelError:
    shown = f"{', '.join(missing[:_SHOWN])}{' ...' if len(missing) > _SHOWN else ''}"
    return ModelError(
        f"{saved.path / ADAPTER_FILE} lacks weights that its adapter_config.json promises: {shown}; "
        "save the adapter again with save_pretrained"
    )
