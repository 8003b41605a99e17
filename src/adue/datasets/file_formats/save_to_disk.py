"""Folders that ``save_to_disk`` of `datasets` wrote: a data set, or one with splits."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from adue.datasets.file_formats.chunks import CHUNK_ROWS
from adue.foundation.errors import DataError

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

_FILES = ("state.json", "dataset_info.json")
_SPLITS_FILE = "dataset_dict.json"


def is_saved(folder: Path) -> bool:
    """Tell whether ``save_to_disk`` wrote `folder`."""
    return (folder / _SPLITS_FILE).is_file() or all((folder / name).is_file() for name in _FILES)


def load_saved(folder: Path) -> "Dataset | DatasetDict":
    """Return what ``save_to_disk`` wrote; its rows stay on the disk until they are asked for.

    Raises
    ------
    DataError
        When the folder is not whole, or holds no rows.
    """
    # Streams of other files do without this library, which is slow to import.
    from datasets import load_from_disk  # noqa: PLC0415

    try:
        return load_from_disk(str(folder))
    except IndexError as error:
        # `datasets` writes no file for no rows, and misses it when it reads.
        raise DataError(f"{folder} holds no rows; save rows there with save_to_disk") from error
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{folder} is not whole: {reason}; save it again with save_to_disk") from error


def read_saved_chunks(folder: Path) -> Iterator[pa.Table]:
    """Yield the rows of a saved data set with the types of their columns.

    Raises
    ------
    DataError
        When it has splits, or is not whole.
    """
    saved = load_saved(folder)
    if isinstance(saved, dict):
        names = list(saved)
        raise DataError(f"{folder} holds splits ({', '.join(names)}); give one of them, as {folder / names[0]}")
    yield from saved.with_format("arrow").iter(batch_size=CHUNK_ROWS)
