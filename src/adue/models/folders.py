"""Finding the folder of a classifier, and the files of weights in it; nothing here needs torch."""

from pathlib import Path

from adue.foundation.errors import ArtifactError, ModelError

ADAPTER_FILE = "adapter_model.safetensors"
ADAPTER_CONFIG, MODEL_CONFIG = "adapter_config.json", "config.json"

_WANTED = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
_CODE = "*.py"


def find_folder(name: str | Path, revision: str | None = None, *, with_code: bool = False) -> Path:
    """Return the folder called `name`, or the local copy of the hub repository `name`, its Python code on request.

    Raises
    ------
    ModelError
        When there is neither.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    text = str(name)
    if text.count("/") != 1 or text.startswith((".", "/", "~")):
        raise ModelError(f"there is no folder '{text}'; give the folder that holds adapter_config.json")
    return _download(text, revision, [*_WANTED, _CODE] if with_code else list(_WANTED))


def require_base_model(name: str) -> None:
    """Refuse a base model that is called like a folder and is none.

    Raises
    ------
    ModelError
        When there is no such folder.
    """
    if not Path(name).expanduser().is_dir() and (name.startswith(("/", ".", "~")) or name.count("/") > 1):
        raise ModelError(
            f"there is no folder '{name}'; give a folder or hub id with --base-model (adue train: --model)"
        )


def require_classifier(folder: Path) -> None:
    """Refuse a folder without an adapter or a model.

    Raises
    ------
    ModelError
        When `folder` has neither configuration.
    """
    if not any((folder / name).is_file() for name in (ADAPTER_CONFIG, MODEL_CONFIG)):
        raise ModelError(
            f"{folder} holds neither an adapter nor a model ({ADAPTER_CONFIG} or {MODEL_CONFIG} is missing); "
            "give the folder that save_pretrained wrote"
        )


def adapter_file(folder: Path) -> Path:
    """Return the file of the adapter's tensors in `folder`.

    Raises
    ------
    ArtifactError
        When it is missing, or a pickle.
    """
    path = folder / ADAPTER_FILE
    if not path.is_file():
        pickled = (folder / "adapter_model.bin").is_file()
        cure = (
            "it holds a pickled .bin only; save the adapter again with save_pretrained" if pickled else "copy it there"
        )
        raise ArtifactError(f"{folder} has no {ADAPTER_FILE}; {cure}")
    return path


def model_files(folder: Path) -> list[Path]:
    """Return the files of a whole model's tensors in `folder`, sorted; empty where it holds none."""
    return sorted(folder.glob("model*.safetensors"))


def _download(name: str, revision: str | None, wanted: list[str]) -> Path:
    # Slow to import, and needed for names that are no folder only.
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import (  # noqa: PLC0415
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
    )

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=wanted))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            f"'{name}' is neither a folder nor a repository that can be reached or lies in the local cache; "
            "give the folder that holds adapter_config.json"
        ) from error
