"""The heads of all labels in the two files ``adue_head.safetensors`` and ``adue_config.json``."""

import json
from pathlib import Path

from safetensors.torch import load_file, save

from adue.foundation.files import atomic_writes
from adue.heads.multi_label import FittedLabels, join_tensors, split_tensors
from adue.models.folder.file_names import ANSWERS_FILE, CONFIG_FILE, HEAD_FILE
from adue.models.folder.saved_head import sizes_differ
from adue.models.folder.saved_labels import check_labels


def save_labels(fitted: FittedLabels, folder: Path) -> None:
    """Write the heads and their configuration into `folder`, making it if need be.

    Answers of a former head that lie there go away.

    Raises
    ------
    ArtifactError
        When a file cannot be written; what was there before stays whole.
    """
    with atomic_writes(folder / HEAD_FILE, folder / CONFIG_FILE) as (weights, config):
        weights.write_bytes(save(join_tensors(fitted.heads), metadata={"format": "pt"}))
        config.write_text(json.dumps(fitted.config.to_dict(), indent=2) + "\n", encoding="utf-8")
    (folder / ANSWERS_FILE).unlink(missing_ok=True)


def load_labels(folder: Path, *, adapter_sha256: str | None = None) -> FittedLabels:
    """Return the heads saved in `folder`.

    Parameters
    ----------
    adapter_sha256
        The adapter the heads are to be used with; None to read them by themselves.

    Raises
    ------
    ArtifactError
        When a file is missing, truncated or changed, or the heads were fitted on another adapter.
    """
    config, path = check_labels(folder, adapter_sha256=adapter_sha256), folder / HEAD_FILE
    try:
        return split_tensors(load_file(path), config)
    except (KeyError, RuntimeError) as error:
        raise sizes_differ(path) from error
