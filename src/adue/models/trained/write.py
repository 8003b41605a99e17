"""A classifier into a folder, where a head is going to lie beside it."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from peft import PeftModel
from safetensors import SafetensorError
from safetensors.torch import save_file

from adue.foundation.digests import file_sha256_of_tensors, tensors_sha256
from adue.foundation.errors import ArtifactError
from adue.foundation.files import move_saved
from adue.models.features.classifier import FrozenClassifier
from adue.models.folder.file_names import ADAPTER_FILE, MODEL_FILES
from adue.models.trained.origin import Origin, adapter_tensors


def save_classifier(classifier: FrozenClassifier, folder: Path, origin: Origin) -> str:
    """Make sure that `folder` holds the classifier, and return the SHA-256 of the weights there.

    Parameters
    ----------
    origin
        Where the classifier came from.

    Raises
    ------
    ArtifactError
        When `folder` holds another classifier already.
    """
    found = _sha256_in(folder)
    if found is None:
        _write(classifier, folder, origin.extra_keys)
        return str(_sha256_in(folder))
    known = {origin.sha256}
    if not isinstance(classifier.model, PeftModel):
        # An adapter that was merged is saved elsewhere as a whole model, with a digest of its own.
        known.add(tensors_sha256(classifier.model.state_dict()))
    if found not in known:
        raise ArtifactError(
            f"{folder} holds weights with SHA-256 {found}, this head was fitted on {origin.sha256}; choose another "
            "folder"
        )
    return found


def _sha256_in(folder: Path) -> str | None:
    adapter = folder / ADAPTER_FILE
    files = [adapter] if adapter.is_file() else sorted(folder.glob(MODEL_FILES))
    return file_sha256_of_tensors(files) if files else None


def _write(classifier: FrozenClassifier, folder: Path, extra_keys: Sequence[str]) -> None:
    """Write into a temporary folder first: PEFT puts an adapter that is not called default into a folder below."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as temporary:
            source = Path(temporary)
            if isinstance(classifier.model, PeftModel):
                name = str(classifier.adapter)
                classifier.model.save_pretrained(str(source), selected_adapters=[name], save_embedding_layers=False)
                source = source if name == "default" else source / name
                if extra_keys:
                    # PEFT saves embeddings by itself only where it can compare them with the base model's.
                    tensors = adapter_tensors(classifier.model, name, extra_keys)
                    save_file({key: one.contiguous() for key, one in tensors.items()}, source / ADAPTER_FILE)
            else:
                classifier.model.save_pretrained(str(source))  # type: ignore[operator]
            classifier.tokenizer.save_pretrained(str(source))
            move_saved(source, folder)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ArtifactError(f"cannot write {folder}: {reason}; choose another folder") from error
