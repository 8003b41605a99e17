"""What data can be called, and that it is there: checked before anything is imported to read it."""

from pathlib import Path

from adue.foundation.errors import DataError

STANDARD = "-"
"""Standard input or output, where a file could be named."""

HUB_PREFIX = "hf:"
"""What stands before the name of a data set on the Hugging Face hub."""

DATASET_NAMES = (
    "reviews",
    "products",
    "editorials",
    "tweets",
    "reviews5",
    "products5",
    "editorials5",
    "tweets5",
    "sst2",
    "sst5",
    "cola",
    "20newsgroups",
    "toxigen",
    "toxigen-nonoverlap",
    "clinc150",
    "clinc150-oos",
    "tweet_offensive",
)
"""The keys of :data:`adue.datasets.DATASETS`, which is slow to import; a test compares."""


def require_source(source: str | Path) -> None:
    """Refuse the name of labelled data that is neither a path, nor on the hub, nor in DATASET_NAMES.

    Raises
    ------
    DataError
        When there is nothing of this name.
    """
    path = Path(source).expanduser()
    if str(source) in DATASET_NAMES or str(source).startswith(HUB_PREFIX) or path.exists():
        return
    if path.suffix:
        raise missing_file(path)
    raise DataError(
        f"there is no file, folder or data set called '{source}'; give a path, hf:owner/name, or one of "
        f"{', '.join(DATASET_NAMES)}"
    )


def missing_file(path: str | Path) -> DataError:
    """Return the error that says that there is no file at `path`."""
    return DataError(f"there is no file {path}; check the path")
