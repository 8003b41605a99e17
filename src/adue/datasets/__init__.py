"""What the user calls the data, made into splits with the columns text and label.

Names load on first use: a stream of rows needs neither `datasets` nor scikit-learn, which are slow to import.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from adue.datasets.columns import TextColumns, find_text_columns, guess_label_column, guess_text_column
from adue.datasets.fingerprint import fingerprint
from adue.datasets.pairs import has_pairs, texts_of

if TYPE_CHECKING:
    from adue.datasets.file_formats.files import read_file
    from adue.datasets.loading import LabelledSplits, load_splits, load_texts
    from adue.datasets.named.registry import DATASETS, NamedDataset
    from adue.datasets.sampling import subsample

_HOME_OF = {
    "DATASETS": "adue.datasets.named.registry",
    "LabelledSplits": "adue.datasets.loading",
    "NamedDataset": "adue.datasets.named.registry",
    "load_splits": "adue.datasets.loading",
    "load_texts": "adue.datasets.loading",
    "read_file": "adue.datasets.file_formats.files",
    "subsample": "adue.datasets.sampling",
}

__all__ = [
    "DATASETS",
    "LabelledSplits",
    "NamedDataset",
    "TextColumns",
    "find_text_columns",
    "fingerprint",
    "guess_label_column",
    "guess_text_column",
    "has_pairs",
    "load_splits",
    "load_texts",
    "read_file",
    "subsample",
    "texts_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'adue.datasets' has no attribute '{name}'")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
