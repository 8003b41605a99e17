"""``adue_head.safetensors`` and ``adue_config.json`` beside the adapter: written whole, read only where they belong."""

import json
from pathlib import Path

from safetensors.torch import load_file, save

from adue.foundation.files import atomic_writes
from adue.heads.fitted import FittedHead
from adue.heads.kinds import kind_of
from adue.models.folder.file_names import CONFIG_FILE, HEAD_FILE
from adue.models.folder.saved_head import check_head, sizes_differ


def save_head(fitted: FittedHead, folder: Path) -> None:
    """Write the head and its configuration into `folder`, making it if need be.

    Raises
    ------
    ArtifactError
        When a file cannot be written; what was there before stays whole.
    """
    tensors = {name: tensor.cpu() for name, tensor in fitted.uncertainty_head.state_dict().items()}
    with atomic_writes(folder / HEAD_FILE, folder / CONFIG_FILE) as (weights, config):
        weights.write_bytes(save(tensors, metadata={"format": "pt"}))
        config.write_text(json.dumps(fitted.config.to_dict(), indent=2) + "\n", encoding="utf-8")


def load_head(folder: Path, *, adapter_sha256: str | None = None) -> FittedHead:
    """Return the head saved in `folder`.

    Parameters
    ----------
    adapter_sha256
        The adapter the head is to be used with; None to read a head by itself.

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
    return FittedHead(uncertainty_head, config)
