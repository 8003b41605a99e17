"""The local copy of a repository on the Hugging Face hub."""

from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from adue.foundation.errors import ModelError

_WANTED = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
_CODE = "*.py"


def fetch_repository(name: str, revision: str | None, *, with_code: bool) -> Path:
    """Return the folder with the files of the repository `name` that a classifier is made of, fetched if need be.

    Raises
    ------
    ModelError
        When it cannot be reached and does not lie in the local cache.
    """
    wanted = [*_WANTED, _CODE] if with_code else list(_WANTED)
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=wanted))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(
            f"'{name}' is neither a folder nor a repository that can be reached or lies in the local cache; "
            "give the folder that holds adapter_config.json"
        ) from error
