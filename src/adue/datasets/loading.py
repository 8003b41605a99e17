"""From what the user calls the data to splits with the columns text and label."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
from datasets import Dataset, DatasetDict, DatasetInfo, Features, Value

from adue.datasets.checks import check_classes, check_texts
from adue.datasets.columns import guess_label_column, guess_text_column
from adue.datasets.file_formats.files import read_file, read_folder
from adue.datasets.hub import load_hub
from adue.datasets.labels import encode_labels, label_values, make_label2id
from adue.datasets.named.registry import DATASETS
from adue.datasets.split_names import TRAIN, VALIDATION
from adue.datasets.splits import carve_validation, rename_splits, without_secret_labels
from adue.foundation.errors import DataError
from adue.foundation.sources import HUB_PREFIX, require_source

Source: TypeAlias = str | Path | Dataset | DatasetDict


@dataclass(frozen=True)
class LabelledSplits:
    """Rows ready for a classifier.

    Attributes
    ----------
    splits
        Each with the columns ``text`` (string) and ``label`` (int64, class ids), and all others that were given.
        A label is OUT_OF_SCOPE where the data say ``out-of-scope``: no class fits; never in train.
    label2id
        The class ids by name.
    source
        What was asked for, in words.
    shifted
        Names of data sets with the same classes from other domains; each can be given to `load_splits`.
    companions
        Names of data sets to report beside this one that are not shifted; each can be given to `load_splits`.
    notes
        What was decided about the splits, for a person to read.
    """

    splits: DatasetDict
    label2id: dict[str, int]
    source: str
    shifted: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __getitem__(self, split: str) -> Dataset:
        """Return the rows of one split, or raise a DataError that lists the splits there are."""
        if split not in self.splits:
            raise DataError(
                f"{self.source} has no {split} split (it has: {', '.join(self.splits)}); give a folder "
                "with a file of this name, or a file that holds these rows only"
            )
        return self.splits[split]


def load_splits(
    source: Source,
    *,
    need: Sequence[str] = (TRAIN, VALIDATION),
    text_column: str | None = None,
    label_column: str | None = None,
    label2id: Mapping[str, int] | None = None,
    label_map: Mapping[str, str] | None = None,
    seed: int = 42,
) -> LabelledSplits:
    """Return the splits of `source` with texts as strings and labels as class ids.

    Parameters
    ----------
    source
        A name of DATASETS, a CSV, TSV, JSON or Parquet file (also ``.gz``, ``.xz``, ``.zst``), a folder of such files
        called train, validation (or dev) and test, a folder of shards, one that ``save_to_disk`` of `datasets` wrote,
        ``hf:NAME`` or ``hf:OWNER/NAME`` (``:CONFIG``), or rows of `datasets`. A name comes before a path; write
        ``./reviews`` for a folder called like a name.
    need
        Splits that must be there. Rows without splits (one file) become the only split that is needed, or train
        and validation. Where validation is missing, it is a stratified fifth of train.
    text_column, label_column
        Names of the columns; guessed from the usual names if None.
    label2id
        The classes of the model; if None, made from the labels in sorted order.
    label_map
        What a label in the data is called by the model, such as ``{"pos": "positive"}``.
    seed
        Of the carving of validation rows.

    Raises
    ------
    DataError
        When the source cannot be read, a column or label is not understood, or there is no way to a needed split.

    Warns
    -----
    DataWarning
        When texts are empty.
    """
    name = source if isinstance(source, str) else str(source) if isinstance(source, Path) else "the data given"
    chosen = (text_column, label_column)
    raw, notes = _with_labels_only(open_source(source, need), chosen, name)
    columns = {split: _columns(rows, chosen, f"{name}, {split}") for split, rows in raw.items()}
    if label2id is None:
        label2id = make_label2id([(rows, columns[split][1]) for split, rows in raw.items()], label_map)
    labelled = DatasetDict(
        {
            split: _label(rows, columns[split], label2id, label_map, where=f"{name}, {split}")
            for split, rows in raw.items()
        }
    )
    labelled, carved = _with_validation(labelled, label2id, name, seed, wanted=len(raw) > 1 or VALIDATION in need)
    result = LabelledSplits(labelled, dict(label2id), name, *_relatives(source), notes=notes + carved)
    for split in need:
        result[split]
    return result


def open_source(source: Source, need: Sequence[str]) -> DatasetDict:
    """Return the rows of `source` as they are, by split; rows without splits are the only needed one, or train."""
    if isinstance(source, Dataset):
        return _as_needed(source, need)
    if isinstance(source, DatasetDict):
        return rename_splits(source)
    if isinstance(source, str) and source in DATASETS:
        return DATASETS[source].load()
    if isinstance(source, str) and source.startswith(HUB_PREFIX):
        return rename_splits(load_hub(source))
    require_source(source)
    path = Path(source).expanduser()
    if path.is_dir():
        found = read_folder(path)
        return _as_needed(found, need) if isinstance(found, Dataset) else rename_splits(found)
    return _as_needed(read_file(path), need)


def _relatives(source: Source) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the shifted sets and of the companions of a named data set."""
    named = DATASETS.get(source) if isinstance(source, str) else None
    return (named.shifted, named.companions) if named else ((), ())


def _as_needed(rows: Dataset, need: Sequence[str]) -> DatasetDict:
    return DatasetDict({need[0] if len(need) == 1 else TRAIN: rows})


def _columns(rows: Dataset, chosen: tuple[str | None, str | None], where: str) -> tuple[str, str]:
    """Return the names of the text and the label column; neither is guessed to be what was chosen for the other."""
    text, label = chosen
    names = rows.column_names
    try:
        label = guess_label_column([name for name in names if name != text or name == label], label)
        return guess_text_column([name for name in names if name != label], text), label
    except DataError as error:
        raise DataError(f"{where}: {error}") from error


def _with_labels_only(
    raw: DatasetDict, chosen: tuple[str | None, str | None], name: str
) -> tuple[DatasetDict, tuple[str, ...]]:
    """Leave out the splits whose labels are all missing."""
    columns = {split: _columns(rows, chosen, f"{name}, {split}") for split, rows in raw.items()}
    secret = [
        split
        for split, rows in raw.items()
        if all(label is None for label in label_values(rows, columns[split][1], None))
    ]
    if len(secret) == len(raw):
        raise DataError(f"{name} has no labels; give labelled rows, or name the column with --label-column")
    return without_secret_labels(raw, secret)


def _label(
    rows: Dataset,
    columns: tuple[str, str],
    label2id: Mapping[str, int],
    label_map: Mapping[str, str] | None,
    where: str,
) -> Dataset:
    text_column, label_column = columns
    texts = check_texts(rows[text_column][:], text_column, where)
    labels = encode_labels(label_values(rows, label_column, label2id), label2id, label_map, where)
    others = [name for name in rows.column_names if name not in {text_column, label_column}]
    # A column that is in the way of ours, such as "text" when the user chose "body", is kept under another name.
    kept = {name: f"original_{name}" if name in {"text", "label"} else name for name in others}
    table = rows.with_format("arrow")[:]
    ours = {"text": pa.array(texts, pa.string()), "label": pa.array(labels, pa.int64())}
    features = Features(
        {"text": Value("string"), "label": Value("int64")} | {kept[name]: rows.features[name] for name in others}
    )
    return Dataset(pa.table(ours | {kept[name]: table[name] for name in others}), info=DatasetInfo(features=features))


def _with_validation(
    splits: DatasetDict, label2id: Mapping[str, int], name: str, seed: int, *, wanted: bool
) -> tuple[DatasetDict, tuple[str, ...]]:
    if TRAIN not in splits:
        return splits, ()
    labels = splits[TRAIN]["label"][:]
    check_classes(labels, label2id, f"{name}, {TRAIN}")
    if VALIDATION in splits or not wanted:
        return splits, ()
    rows = splits[TRAIN]
    train, validation = carve_validation(rows["text"][:], labels, seed)
    carved = {TRAIN: rows.select(train), VALIDATION: rows.select(validation)}
    note = f"validation is 20 % of the given training rows (seed {seed})"
    return DatasetDict(carved | {split: splits[split] for split in splits if split != TRAIN}), (note,)
