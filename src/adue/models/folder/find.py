"""Step one: the folder that a name stands for, on this machine or on the Hugging Face hub."""

from pathlib import Path

from adue.foundation.errors import ModelError


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
