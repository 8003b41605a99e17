"""The files of a fitted head, checked without torch: that they are whole, and belong to each other and the adapter."""

import hashlib
from pathlib import Path

from adue.foundation.config import AdueConfig, HeadShape, Provenance, SavedAnswers
from adue.foundation.errors import ArtifactError
from adue.foundation.tensor_files import StoredTensor, read_header, stored_sha256
from adue.models.folder.file_names import ANSWERS_FILE, CONFIG_FILE, HEAD_FILE


def has_head(folder: Path) -> bool:
    """Return whether `folder` holds a fitted head."""
    return (folder / CONFIG_FILE).is_file() or (folder / HEAD_FILE).is_file()


def check_head(folder: Path, *, adapter_sha256: str | None = None) -> AdueConfig:
    """Return the configuration of the head saved in `folder`, whose weights are as they were saved.

    Parameters
    ----------
    adapter_sha256
        The adapter the head is to be used with; None to check a head by itself.

    Raises
    ------
    ArtifactError
        When a file is missing, truncated or changed, or the head was fitted on another adapter.
    """
    config = AdueConfig.from_json(folder / CONFIG_FILE)
    path = folder / HEAD_FILE
    require_adapter(folder, config.provenance, adapter_sha256)
    tensors = read_unchanged(path, config.head_sha256)
    # A correction holds the weights of its ranking head under this prefix.
    prefix = "" if "out_weight" in tensors else "head."
    if not _fits(tensors, config.head, prefix):
        raise sizes_differ(path)
    return config


def require_adapter(folder: Path, provenance: Provenance | None, adapter_sha256: str | None) -> None:
    """Refuse a head in `folder` that was fitted on another adapter; None for one that is not known.

    Raises
    ------
    ArtifactError
        When the two digests differ.
    """
    fitted_on = provenance.adapter_sha256 if provenance else None
    if adapter_sha256 is not None and fitted_on is not None and fitted_on != adapter_sha256:
        raise ArtifactError(
            f"the head in {folder} was fitted on the adapter with SHA-256 {fitted_on}, this adapter has "
            f"{adapter_sha256}; fit a head on this adapter with adue fit, or use the adapter it belongs to"
        )


def read_unchanged(path: Path, wanted_sha256: str) -> dict[str, StoredTensor]:
    """Return names, types and shapes of a head's tensors, which are as they were saved.

    Raises
    ------
    ArtifactError
        When the file is missing, truncated or changed.
    """
    try:
        tensors = read_header(path)
        sha256 = stored_sha256(tensors)
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} is missing or damaged ({error}); fit the head again with adue fit") from error
    if sha256 != wanted_sha256:
        raise ArtifactError(
            f"{path} was changed after it was saved, or belongs to another {CONFIG_FILE}; "
            "fit the head again with adue fit"
        )
    return tensors


def check_answers(folder: Path, config: AdueConfig) -> SavedAnswers | None:
    """Return the answers stored in `folder` with the head whose configuration is `config`; None where it has none.

    Raises
    ------
    ArtifactError
        When the file is missing or damaged, or belongs to another head.
    """
    return None if config.answers_sha256 is None else read_answers(folder, config.answers_sha256)


def read_answers(folder: Path, sha256: str) -> SavedAnswers:
    """Return the answers stored in `folder`, whose file has to have this digest.

    Raises
    ------
    ArtifactError
        When the file is missing or has another digest.
    """
    path = folder / ANSWERS_FILE
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ArtifactError(f"cannot read {path}: {error.strerror or error}; {SavedAnswers.cure}") from error
    if found != sha256:
        raise ArtifactError(f"{path} was changed after it was saved, or belongs to another head; {SavedAnswers.cure}")
    return SavedAnswers.from_json(path)


def sizes_differ(path: Path) -> ArtifactError:
    """Return the error of weights that do not have the sizes in the configuration beside them."""
    return ArtifactError(f"{path} does not fit the sizes in {CONFIG_FILE}; fit the head again with adue fit")


def _fits(tensors: dict[str, StoredTensor], shape: HeadShape, prefix: str) -> bool:
    """Return whether the classification head among `tensors` has the sizes of `shape`."""
    hidden, classes = shape.hidden_size, shape.num_labels
    wanted: dict[str, tuple[int, ...]] = {"out_weight": (classes, hidden)}
    wanted |= {"out_bias": (classes,)} if shape.bias else {}
    wanted |= {"dense_weight": (hidden, hidden), "dense_bias": (hidden,)} if shape.activation else {}
    found = {name: tensors[prefix + name].shape for name in wanted if prefix + name in tensors}
    return found == wanted
