"""Data sets of the Hugging Face Hub, and local folders laid out like them, read by `datasets`.

The syntax is ``hf:NAME``, ``hf:OWNER/NAME`` or ``hf:FOLDER``, each with ``:CONFIG`` where there are several; for the
old names without an owner, ``hf:glue/sst2`` is ``hf:glue:sst2``.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from datasets import Dataset, DatasetDict, load_dataset
from datasets.exceptions import DatasetsError

from adue.datasets.file_formats.save_to_disk import is_saved, load_saved
from adue.foundation.errors import DataError
from adue.foundation.sources import HUB_PREFIX

NAMES_WITHOUT_OWNER = frozenset(
    {"financial_phrasebank", "glue", "indic_glue", "klue", "paws", "paws-x", "silicone", "super_glue", "tweet_eval",
     "xglue", "xnli", "xtreme"}
)  # fmt: skip
"""Data sets of several configurations that need no owner: after these, a slash is followed by a configuration.

A list, and not a trial of both readings: who owns an account called like one of these must not choose what is loaded.
"""


@dataclass(frozen=True)
class HubSource:
    """What `datasets.load_dataset` is asked for."""

    path: str
    config: str | None = None

    @classmethod
    def parse(cls, source: str) -> Self:
        """Return the path and configuration named by ``hf:...``.

        Raises
        ------
        DataError
            When nothing, or too much, follows the prefix.

        Examples
        --------
        >>> HubSource.parse("hf:glue/sst2")
        HubSource(path='glue', config='sst2')
        """
        name = source.removeprefix(HUB_PREFIX)
        if name and Path(name).is_dir():
            return cls(name)
        path, _, config = name.partition(":")
        owner, _, rest = path.partition("/")
        if not config and rest and owner in NAMES_WITHOUT_OWNER:
            path, config = owner, rest
        if not path or (path.count("/") > 1 and not Path(path).is_dir()):
            raise DataError(
                f"'{source}' names no data set; write hf:name, hf:owner/name or hf:owner/name:config, "
                "for example hf:glue/sst2"
            )
        return cls(path, config or None)


def load_hub(source: str) -> DatasetDict:
    """Return all splits of the data set that ``hf:...`` names; `datasets` caches what it downloads.

    Raises
    ------
    DataError
        When the name is malformed or `datasets` cannot load it: unknown, needs a configuration, no network.
    """
    asked = HubSource.parse(source)
    try:
        loaded = _load_folder(asked) if Path(asked.path).is_dir() else load_dataset(asked.path, asked.config)
    except (DatasetsError, OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise DataError(
            f"cannot load '{source}' with datasets: {reason}; check the name (hf:owner/name:config), "
            "and the network if it was never downloaded"
        ) from error
    return DatasetDict({"train": loaded}) if isinstance(loaded, Dataset) else loaded


def _load_folder(asked: HubSource) -> Dataset | DatasetDict:
    """Read a local folder without leaving a copy of it in the cache of `datasets`."""
    if is_saved(Path(asked.path)):
        return load_saved(Path(asked.path))
    with tempfile.TemporaryDirectory() as cache:
        return load_dataset(asked.path, asked.config, cache_dir=cache, keep_in_memory=True)
