"""``adue_head.safetensors`` and ``adue_config.json`` beside the adapter: written whole, read only where they belong."""

import json
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from adue.foundation.config import AdueConfig
from adue.foundation.digests import tensors_sha256
from adue.foundation.errors import ArtifactError
from adue.foundation.files import atomic_writes
from adue.heads.fitted import FittedHead
from adue.heads.kinds import kind_of
from adue.models.folder.names import CONFIG_FILE, HEAD_FILE


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


def has_head(folder: Path) -> bool:
    """Return whether `folder` holds a fitted head."""
    return (folder / CONFIG_FILE).is_file() or (folder / HEAD_FILE).is_file()


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
    config = AdueConfig.from_json(folder / CONFIG_FILE)
    fitted_on = config.provenance.adapter_sha256 if config.provenance else None
    if adapter_sha256 is not None and fitted_on is not None and fitted_on != adapter_sha256:
        raise ArtifactError(
            f"the head in {folder} was fitted on the adapter with SHA-256 {fitted_on}, this adapter has "
            f"{adapter_sha256}; fit a head on this adapter with adue fit, or use the adapter it belongs to"
        )
    path = folder / HEAD_FILE
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ArtifactError(f"{path} is missing or damaged ({error}); fit the head again with adue fit") from error
    if tensors_sha256(weights) != config.head_sha256:
        raise ArtifactError(
            f"{path} was changed after it was saved, or belongs to another {CONFIG_FILE}; "
            "fit the head again with adue fit"
        )
    try:
        uncertainty_head = kind_of(config.settings).load(config.head, config.settings, weights)
    except (KeyError, RuntimeError) as error:
        raise ArtifactError(
            f"{path} does not fit the sizes in {CONFIG_FILE}; fit the head again with adue fit"
        ) from error
    return FittedHead(uncertainty_head, config)
