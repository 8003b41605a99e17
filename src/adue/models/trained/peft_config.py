"""What ``adapter_config.json`` says, as PEFT takes it: nothing that would change an answer is dropped."""

import inspect
import warnings
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from peft import PEFT_TYPE_TO_CONFIG_MAPPING, PeftConfig, TaskType

from adue.foundation.errors import ArtifactError, DataWarning, ModelError
from adue.models.features.requirements import refuse_prompt_learning
from adue.models.folder.file_names import ADAPTER_CONFIG_FILE
from adue.models.folder.read import SavedFolder
from adue.models.pretrained import in_one_line
from adue.models.trained.origin import head_key

_READERS = {
    TaskType.SEQ_CLS: "AdueModel",
    TaskType.TOKEN_CLS: "AdueModelForTokenClassification",
    TaskType.CAUSAL_LM: "AdueModelForMultipleChoice",
}
"""What an adapter of each task is opened with."""

_RUNTIME = "runtime_config"
"""How PEFT was run, and nothing of the adapter."""

_VALUE_HEAD = "v_head"


def adapter_config(saved: SavedFolder, task: TaskType) -> PeftConfig:
    """Return the adapter's configuration as PEFT takes it, for `task`.

    Raises
    ------
    ArtifactError
        When PEFT does not know such an adapter, or a setting of it that is switched on.
    ModelError
        When the adapter was trained for another task than `task`, or is of a kind that adue does not read.

    Warns
    -----
    DataWarning
        When PEFT does not know a number or word among its settings.
    """
    config = _read(saved)
    refuse_prompt_learning(config, f"the adapter {saved.path}")
    if (saved.path / "value_head.safetensors").is_file() or any(
        f".{_VALUE_HEAD}." in f".{key}" for key in saved.tensors
    ):
        raise ModelError(
            f"the adapter {saved.path} has a value head ({_VALUE_HEAD}): a reward model gives a score and no classes; "
            "give a classifier"
        )
    return _for_task(saved, config, task)


def _read(saved: SavedFolder) -> PeftConfig:
    file = saved.path / ADAPTER_CONFIG_FILE

    def word(why: str, _: Exception) -> ArtifactError:
        return ArtifactError(f"{file} cannot be read ({why}); save the adapter again")

    with in_one_line(word):
        kind = PEFT_TYPE_TO_CONFIG_MAPPING.get(saved.config["peft_type"])
        if kind is None:
            raise ArtifactError(
                f"{file} cannot be read (peft {version('peft')} does not know the kind "
                f"{saved.config['peft_type']}); upgrade peft, or save the adapter again"
            )
        known, unknown = _divide(saved.config, kind)
        _refuse_unknown(unknown, saved)
        config: PeftConfig = kind.from_peft_type(**kind.check_kwargs(**known))
    return config


def _divide(given: Mapping[str, Any], kind: type[PeftConfig]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings that the PEFT here knows, and those it does not."""
    names = inspect.signature(kind).parameters
    known = {name: value for name, value in given.items() if name in names and name != _RUNTIME}
    return known, {name: value for name, value in given.items() if name not in names and name != _RUNTIME}


def _refuse_unknown(unknown: Mapping[str, Any], saved: SavedFolder) -> None:
    """Refuse what is switched on and would not act; say what may be a default of a newer PEFT.

    A newer PEFT writes all of its settings: what is off is false or empty.
    """
    given = {name: value for name, value in unknown.items() if value not in (None, False, "", 0, [], {})}
    if not given:
        return
    acting = {name: value for name, value in given.items() if value is True or isinstance(value, (dict, list))}
    shown = ", ".join(f"{name}={value!r}" for name, value in (acting or given).items())
    wrote = saved.config.get("peft_version")
    line = (
        f"{saved.path / ADAPTER_CONFIG_FILE} has settings that peft {version('peft')} does not know: {shown}"
        f"{f' (peft {wrote} wrote it)' if wrote else ''}"
    )
    if acting:
        raise ArtifactError(f"{line}; upgrade peft, or remove them if they change nothing")
    warnings.warn(f"{line}; they are left out: upgrade peft if the answers differ", DataWarning, stacklevel=2)


def _for_task(saved: SavedFolder, config: PeftConfig, task: TaskType) -> PeftConfig:
    """Return `config` for `task`; a classification head in the file says more than the task it was saved with."""
    trained_for = config.task_type
    if trained_for in {task, None}:
        return config
    if task == TaskType.SEQ_CLS and head_key(saved.tensors) is not None and trained_for != TaskType.TOKEN_CLS:
        return replace(config, task_type=task)
    if trained_for in _READERS:
        raise ModelError(
            f"the adapter {saved.path} was trained for {TaskType(trained_for).value}, {_READERS[task]} reads "
            f"{task.value}; open it with {_READERS[TaskType(trained_for)]}, or set task_type to {task.value} in its "
            f"{ADAPTER_CONFIG_FILE} if it is one"
        )
    return config
