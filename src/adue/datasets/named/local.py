"""Copies of public data sets in the folder that ADUE_DATA_DIR names, for machines that cannot reach the Hub."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from datasets import ClassLabel, Dataset, DatasetDict

from adue.datasets.file_formats.files import read_file
from adue.datasets.split_names import SPLIT_NAMES, TEST, TRAIN, VALIDATION
from adue.foundation.errors import DataError
from adue.foundation.types import OUT_OF_SCOPE, OUT_OF_SCOPE_NAME

VARIABLE = "ADUE_DATA_DIR"
NAME_FILES = ("labels.json", "label_names.json")
"""Either holds the names of the classes as a list, in the order of their ids."""

_FIRST = (TRAIN, VALIDATION, TEST)


def local_folder(name: str) -> Path | None:
    """Return the folder called `name` in the one that ADUE_DATA_DIR names, None where there is none.

    Raises
    ------
    DataError
        When ADUE_DATA_DIR names no folder.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return None
    root = Path(given).expanduser()
    if not root.is_dir():
        raise DataError(
            f"{VARIABLE} is '{given}', which is no folder; give the folder that holds the data sets' folders"
        )
    return root / name if (root / name).is_dir() else None


def read_local(folder: Path, classes: Sequence[str] | None = None) -> DatasetDict:
    """Return the splits in `folder`, one for each ``.jsonl`` file, with the labels as a ClassLabel.

    A label is the id of a class, or -1 where no class fits the text (``out-of-scope``).

    Parameters
    ----------
    classes
        Their names in the order of the ids, where the folder has no ``labels.json`` or ``label_names.json``.

    Raises
    ------
    DataError
        When there are no files or no names, a file cannot be read, or a label is not the id of a class.
    """
    names = _class_names(folder, classes)
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.jsonl")):
        split = SPLIT_NAMES.get(path.stem.lower(), path.stem)
        if split in found:
            raise DataError(f"{found[split]} and {path} are both the {split} split; keep one of them")
        found[split] = path
    if not found:
        raise DataError(f"{folder} holds no .jsonl file; name files train, validation (or dev) and test")
    ordered = sorted(found, key=lambda split: _FIRST.index(split) if split in _FIRST else len(_FIRST))
    return DatasetDict({split: _read(found[split], names) for split in ordered})


def _class_names(folder: Path, classes: Sequence[str] | None) -> list[str]:
    paths = [folder / file for file in NAME_FILES if (folder / file).is_file()]
    if paths:
        try:
            names = json.loads(paths[0].read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(f"cannot read {paths[0]}: {error}; write a list of class names in it") from error
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise DataError(
                f"{paths[0]} must hold a list of class names in the order of their ids, like {['no', 'yes']}"
            )
        return names
    if classes is None:
        raise DataError(f"{folder} does not say what its classes are called; put a list of names into {NAME_FILES[0]}")
    return list(classes)


def _read(path: Path, names: Sequence[str]) -> Dataset:
    rows = read_file(path)
    if "text" not in rows.column_names or "label" not in rows.column_names:
        raise DataError(f"{path} has the columns {', '.join(rows.column_names)}; it must have text and label")
    labels = rows["label"][:]
    for number, label in enumerate(labels, start=1):
        if type(label) is not int or not OUT_OF_SCOPE <= label < len(names):
            raise DataError(
                f"{path}: the label of row {number} is {label!r}; write the id of a class, 0 to {len(names) - 1}, or "
                f"{OUT_OF_SCOPE} where no class fits"
            )
    # -1 of a ClassLabel is a label that is kept secret, so that out-of-scope needs an id of its own here.
    ids = [len(names) if label == OUT_OF_SCOPE else label for label in labels]
    feature = ClassLabel(names=[*names, OUT_OF_SCOPE_NAME])
    return rows.remove_columns("label").add_column("label", ids, feature=feature)
