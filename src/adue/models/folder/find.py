"""Step one: the folder that a name stands for, on this machine or on the Hugging Face hub."""

from pathlib import Path

from adue.foundation.errors import ModelError
from adue.models.folder.file_names import ADAPTER_CONFIG_FILE, MODEL_CONFIG_FILE


def find_folder(name: str | Path, revision: str | None = None, *, with_code: bool = False) -> Path:
    """Return the folder called `name`, or the local copy of the hub repository `name`.

    Parameters
    ----------
    revision
        Branch, tag or commit on the hub.
    with_code
        Whether to fetch the repository's Python code too.

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
    # The hub's client takes a while to import, and a folder on this machine needs none.
    from adue.models.folder.hub import fetch_repository  # noqa: PLC0415

    return fetch_repository(text, revision, with_code=with_code)


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
    if not any((folder / name).is_file() for name in (ADAPTER_CONFIG_FILE, MODEL_CONFIG_FILE)):
        raise ModelError(
            f"{folder} holds neither an adapter nor a model ({ADAPTER_CONFIG_FILE} or {MODEL_CONFIG_FILE} is missing); "
            "give the folder that save_pretrained wrote"
        )
