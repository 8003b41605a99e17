"""A head's files beside the adapter: weights, configuration, answers; written whole, read only where they belong."""

import json
from pathlib import Path

from safetensors.torch import load_file, save

from adue.foundation.errors import ArtifactError
from adue.foundation.files import atomic_writes
from adue.heads.fitted import FittedHead
from adue.heads.kinds import kind_of
from adue.models.folder.file_names import ANSWERS_FILE, CONFIG_FILE, HEAD_FILE
from adue.models.folder.saved_head import check_answers, check_head, sizes_differ


def save_head(fitted: FittedHead, folder: Path) -> None:
    """Write the head, its configuration and its stored answers into `folder`, making it if need be.

    Answers of a former head that lie there go away where this one has none.

    Raises
    ------
    ArtifactError
        When a file cannot be written; what was there before stays whole.
    """
    tensors = {name: tensor.cpu() for name, tensor in fitted.uncertainty_head.state_dict().items()}
    contents = {
        HEAD_FILE: save(tensors, metadata={"format": "pt"}),
        CONFIG_FILE: (json.dumps(fitted.config.to_dict(), indent=2) + "\n").encode(),
    }
    if fitted.answers is not None:
        contents[ANSWERS_FILE] = fitted.answers.to_bytes()
    with atomic_writes(*(folder / name for name in contents)) as temporaries:
        for temporary, content in zip(temporaries, contents.values(), strict=True):
            temporary.write_bytes(content)
    if fitted.answers is None:
        (folder / ANSWERS_FILE).unlink(missing_ok=True)


def load_head(folder: Path, *, adapter_sha256: str | None = None, with_answers: bool = True) -> FittedHead:
    """Return the head saved in `folder`.

    Parameters
    ----------
    adapter_sha256
        The adapter the head is to be used with; None to read a head by itself.
    with_answers
        Whether the stored answers have to be there, where the configuration names them; else they are left out where
        they are missing or damaged.

    Raises
    ------
    ArtifactError
        When a file is missing, truncated or changed, or the head was fitted on another adapter.
    """
    config, path = check_head(folder, adapter_sha256=adapter_sha256), folder / HEAD_FILE
    try:
        uncertainty_head = kind_of(config.settings).load(config.shape, config.settings, load_file(path))
    except (KeyError, RuntimeError) as error:
        raise sizes_differ(path) from error
    try:
        answers = check_answers(folder, config)
    except ArtifactError:
        if with_answers:
            raise
        answers = None
    return FittedHead(uncertainty_head, config, answers=answers)
