"""What the user calls the data, made into splits with the columns text and label."""

from adue.datasets.columns import guess_label_column, guess_text_column
from adue.datasets.files import read_file
from adue.datasets.fingerprint import fingerprint
from adue.datasets.loading import LabelledSplits, load_splits
from adue.datasets.registry import DATASETS, NamedDataset
from adue.datasets.subsample import subsample

__all__ = [
    "DATASETS",
    "LabelledSplits",
    "NamedDataset",
    "fingerprint",
    "guess_label_column",
    "guess_text_column",
    "load_splits",
    "read_file",
    "subsample",
]
