"""The files of heads for several labels, checked without torch, and what the folder says about its classifier's kind.

The configuration says which kind it is, so that neither kind is ever read as the other.
"""

import json
from pathlib import Path
from typing import Any

from adue.foundation.config.multi_label_config import MULTI_LABEL, MultiLabelConfig
from adue.foundation.errors import ArtifactError, ModelError
from adue.foundation.tensor_files import StoredTensor
from adue.models.folder.file_names import CONFIG_FILE, HEAD_FILE, MODEL_CONFIG_FILE, TRAINING_FILE
from adue.models.folder.saved_head import has_head, read_unchanged, require_adapter, sizes_differ

CLASS = "AdueModelForMultiLabelClassification"
"""What opens a classifier with several labels per text."""


def has_label_heads(folder: Path) -> bool:
    """Return whether `folder` holds uncertainty heads for several labels per text."""
    return _read(folder / CONFIG_FILE).get("problem") == MULTI_LABEL


def is_multi_label(folder: Path) -> bool:
    """Return whether `folder` says that its classifier gives several labels to a text.

    A ``config.json`` says so, of a whole model or beside an adapter, or the heads that were fitted do. PEFT itself
    writes nothing of it, so that an adapter may be one and not say so.
    """
    return has_label_heads(folder) or _problem_type(folder) == MULTI_LABEL


def require_multi_label(folder: Path, *, with_head: bool = True) -> None:
    """Refuse a folder whose classifier, or whose head, is known to give one class per text.

    Raises
    ------
    ModelError
        When the classifier was trained for one class per text.
    ArtifactError
        When the head was fitted for one, and it is wanted.
    """
    if (folder / TRAINING_FILE).is_file() or _problem_type(folder) not in {None, MULTI_LABEL}:
        raise ModelError(
            f"the classifier in {folder} was trained for one class per text; open it with AdueModel (adue fit: leave "
            "--multi-label out)"
        )
    if with_head and has_head(folder) and not has_label_heads(folder):
        raise ArtifactError(
            f"the head in {folder} was fitted for one class per text; open it with AdueModel, or fit heads for several "
            "labels with adue fit --multi-label"
        )


def several_labels(folder: Path) -> ArtifactError:
    """Return the error of a job that reads one class per text and found heads for several labels."""
    return ArtifactError(
        f"the heads in {folder} were fitted for several labels per text; open it with {CLASS} (adue fit, evaluate, "
        "predict and info read it too)"
    )


def check_labels(folder: Path, *, adapter_sha256: str | None = None) -> MultiLabelConfig:
    """Return the configuration of the heads saved in `folder`, whose weights are as they were saved.

    Parameters
    ----------
    adapter_sha256
        The adapter the heads are to be used with; None to check them by themselves.

    Raises
    ------
    ArtifactError
        When a file is missing, truncated or changed, or the heads were fitted on another adapter.
    """
    config = MultiLabelConfig.from_json(folder / CONFIG_FILE)
    require_adapter(folder, config.provenance, adapter_sha256)
    tensors = read_unchanged(folder / HEAD_FILE, config.head_sha256)
    if not _all_there(tensors, config):
        raise sizes_differ(folder / HEAD_FILE)
    return config


def _all_there(tensors: dict[str, StoredTensor], config: MultiLabelConfig) -> bool:
    """Return whether every head has a last layer of two rows."""
    for index, label in enumerate(config.labels):
        if label.head is None:
            continue
        names = [f"{place}{part}out_weight" for place in (f"{index}.", "shared.") for part in ("", "head.")]
        shapes = [tensors[name].shape for name in names if name in tensors]
        if shapes != [(2, label.head.shape.hidden_size)]:
            return False
    return True


def _problem_type(folder: Path) -> Any:
    return _read(folder / MODEL_CONFIG_FILE).get("problem_type")


def _read(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; empty where there is none that can be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
