"""From what the user calls the data to splits with the columns text and label."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
from datasets import Dataset, DatasetDict, DatasetInfo, Features, Value

from adue.datasets.checks import check_classes, check_texts
from adue.datasets.columns import TextColumns, find_text_columns, guess_label_column
from adue.datasets.file_formats.files import read_file, read_folder
from adue.datasets.hub import load_hub
from adue.datasets.labels.assign import assign_classes
from adue.datasets.named.hub_pairs import find_hub_pair
from adue.datasets.named.registry import DATASETS
from adue.datasets.pairs import TEXT_PAIR, Pairs, texts_of
from adue.datasets.split_labels import describe_left_out, find_needed, read_split_labels
from adue.datasets.split_names import TRAIN, VALIDATION
from adue.datasets.splits import carve_validation, rename_splits
from adue.foundation.errors import DataError
from adue.foundation.sources import HUB_PREFIX, require_source

Source: TypeAlias = str | Path | Dataset | DatasetDict


@dataclass(frozen=True)
class LabelledSplits:
    """Rows ready for a classifier.

    Attributes
    ----------
    splits
        Each with the columns ``text`` (string) and ``label`` (int64, class ids), ``text_pair`` (string) where rows
        are pairs of texts, and all others that were given.
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
    text_columns
        What the column of texts was called in the data, and after it that of the second texts where rows are pairs.
    """

    splits: DatasetDict
    label2id: dict[str, int]
    source: str
    shifted: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    text_columns: tuple[str, ...] = ("text",)

    def __getitem__(self, split: str) -> Dataset:
        """Return the rows of one split, or raise a DataError that lists the splits there are."""
        if split not in self.splits:
            raise DataError(
                f"{self.source} has no {split} split (it has: {', '.join(self.splits)}); give a folder "
                "with a file of this name, or a file that holds these rows only"
            )
        return self.splits[split]


@dataclass(frozen=True)
class AskedColumns:
    """The names of columns that were chosen, and whether the model reads pairs; None where nothing says."""

    text: str | None = None
    pair: str | None = None
    label: str | None = None
    pairs: bool | None = None


class RowColumns(NamedTuple):
    """The columns that are read."""

    texts: TextColumns
    label: str


def load_splits(
    source: Source,
    *,
    need: Sequence[str] = (TRAIN, VALIDATION),
    text_column: str | None = None,
    text_pair_column: str | None = None,
    label_column: str | None = None,
    pairs: bool | None = None,
    label2id: Mapping[str, int] | None = None,
    label_map: Mapping[str, str] | None = None,
    shared_map: bool = False,
    seed: int = 42,
) -> LabelledSplits:
    """Return the splits of `source` with texts as strings and labels as class ids.

    Parameters
    ----------
    source
        A name of DATASETS, a file of rows in one of FORMATS (also with ``.gz``, ``.xz``, ``.zst``, ``.zip``), a folder
        of such files called train, validation (or dev) and test, a folder of shards, one that ``save_to_disk`` of
        `datasets` wrote, ``hf:NAME`` or ``hf:OWNER/NAME`` (``:CONFIG``), or rows of `datasets`. A name comes before a
        path; write ``./reviews`` for a folder called like a name.
    need
        Splits that must be there. Rows without splits (one file) become the only split that is needed, or train
        and validation. Where validation is missing, it is a stratified fifth of train.
    text_column, text_pair_column, label_column
        Names of the columns; guessed from the usual names if None. A text column alone means single texts.
    pairs
        Whether the model reads pairs of texts; where it is None and two columns are called like a pair, one of them
        has to be chosen.
    label2id
        The classes of the model; if None, made from the labels in sorted order.
    label_map
        What a label in the data is called by the model, such as ``{"pos": "positive"}``; in any spelling of it.
    shared_map
        Whether `label_map` was written for other data too, so that it need not match a label of these.
    seed
        Of the carving of validation rows.

    Raises
    ------
    DataError
        When the source cannot be read, a column or label of a needed split is not understood, or there is no way to
        one. Another split that cannot be read is left out, which a note says.

    Warns
    -----
    DataWarning
        When texts are empty, an entry of `label_map` matches no label, or a label could mean two classes.
    """
    name = source if isinstance(source, str) else str(source) if isinstance(source, Path) else "the data given"
    chosen = tuple(column for column in (text_column, text_pair_column, label_column) if column is not None)
    opened = open_source(source, need, chosen)
    asked = _asked_of(source, opened, AskedColumns(text_column, text_pair_column, label_column, pairs))
    taken = tuple(column for column in (asked.text, asked.pair) if column is not None)
    raw, notes = read_split_labels(opened, need, name, texts=taken, label=label_column, classes=label2id or ())
    needed = find_needed(need, raw)
    label2id, encoded = assign_classes(
        {split: one.labels for split, one in raw.items()},
        needed,
        label2id=label2id,
        label_map=label_map,
        shared_map=shared_map,
        name=name,
    )
    unreadable, labelled, read = dict(encoded.unreadable), DatasetDict(), dict[str, tuple[str, ...]]()
    for split, labels in encoded.ids.items():
        rows, where = raw[split].rows, f"{name}, {split}"
        try:
            columns = _columns(rows, replace(asked, label=raw[split].column), where)
            labelled[split], read[split] = _label(rows, columns, labels, where), columns.texts.names
            if split == TRAIN:
                check_classes(labels, label2id, where)
        except DataError as error:
            if split in needed:
                raise
            unreadable[split] = error
            labelled.pop(split, None)
    notes += encoded.notes + tuple(describe_left_out(split, error, name) for split, error in unreadable.items())
    wanted = (len(raw) > 1 or VALIDATION in need) and VALIDATION not in unreadable
    labelled, carved = _with_validation(labelled, seed, wanted=wanted)
    text_columns = next((read[split] for split in (*need, *read) if split in read), ())
    result = LabelledSplits(
        labelled, label2id, name, *_relatives(source), notes=notes + carved, text_columns=text_columns
    )
    for split in need:
        result[split]
    return result


def load_texts(
    source: Source, text_column: str | None = None, text_pair_column: str | None = None, *, pairs: bool | None = None
) -> dict[str, Sequence[Any]]:
    """Return the texts, or pairs of texts, of each split of `source`, which needs no labels; see :func:`load_splits`.

    Raises
    ------
    DataError
        When the source cannot be read, or nothing says which columns hold the texts.
    """
    opened = open_source(source, (), tuple(column for column in (text_column, text_pair_column) if column is not None))
    asked = _asked_of(source, opened, AskedColumns(text_column, text_pair_column, pairs=pairs))
    texts: dict[str, Sequence[Any]] = {}
    for split, rows in opened.items():
        first, *second = find_text_columns(rows.column_names, asked.text, asked.pair, pairs=pairs).names
        texts[split] = Pairs(rows[first], rows[second[0]]) if second else rows[first]
    return texts


def _asked_of(source: Source, rows: DatasetDict, asked: AskedColumns) -> AskedColumns:
    """Return what was asked for; where nothing was, a data set of the Hub may be known to be one of pairs."""
    if asked.text or asked.pair or asked.pairs is False or not isinstance(source, str):
        return asked
    pair = find_hub_pair(source) if source.startswith(HUB_PREFIX) else None
    if pair is None or not all(set(pair) <= set(names) for names in rows.column_names.values()):
        return asked
    return replace(asked, text=pair[0], pair=pair[1])


def open_source(source: Source, need: Sequence[str], columns: Sequence[str] = ()) -> DatasetDict:
    """Return the rows of `source` as they are, by split; rows without splits are the only needed one, or train.

    `columns` have to be there in every file, beside those that are guessed.
    """
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
        found = read_folder(path, columns)
        return _as_needed(found, need) if isinstance(found, Dataset) else rename_splits(found)
    return _as_needed(read_file(path, columns), need)


def _relatives(source: Source) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the shifted sets and of the companions of a named data set."""
    named = DATASETS.get(source) if isinstance(source, str) else None
    return (named.shifted, named.companions) if named else ((), ())


def _as_needed(rows: Dataset, need: Sequence[str]) -> DatasetDict:
    return DatasetDict({need[0] if len(need) == 1 else TRAIN: rows})


def _columns(rows: Dataset, asked: AskedColumns, where: str) -> RowColumns:
    """Return the columns of texts and labels; none is guessed to be what was chosen for another."""
    chosen = {asked.text, asked.pair}
    try:
        label = guess_label_column(
            [name for name in rows.column_names if name not in chosen or name == asked.label], asked.label
        )
        others = [name for name in rows.column_names if name != label]
        return RowColumns(find_text_columns(others, asked.text, asked.pair, pairs=asked.pairs), label)
    except DataError as error:
        raise DataError(f"{where}: {error}") from error


def _label(rows: Dataset, columns: RowColumns, labels: Sequence[int], where: str) -> Dataset:
    first, *second = columns.texts.names
    ours: dict[str, pa.Array] = {"text": pa.array(check_texts(rows[first][:], first, where), pa.string())}
    for name in second:
        ours[TEXT_PAIR] = pa.array(check_texts(rows[name][:], name, where, may_be_empty=True), pa.string())
    ours["label"] = pa.array(labels, pa.int64())
    others = [name for name in rows.column_names if name not in {*columns.texts.names, columns.label}]
    # A column that is in the way of ours, such as "text" when the user chose "body", is kept under another name.
    kept = {name: f"original_{name}" if name in {"text", TEXT_PAIR, "label"} else name for name in others}
    table = rows.with_format("arrow")[:]
    types = {name: Value("int64" if name == "label" else "string") for name in ours}
    features = Features(types | {kept[name]: rows.features[name] for name in others})
    return Dataset(pa.table(ours | {kept[name]: table[name] for name in others}), info=DatasetInfo(features=features))


def _with_validation(splits: DatasetDict, seed: int, *, wanted: bool) -> tuple[DatasetDict, tuple[str, ...]]:
    if TRAIN not in splits or VALIDATION in splits or not wanted:
        return splits, ()
    rows = splits[TRAIN]
    train, validation = carve_validation(texts_of(rows)[:], rows["label"][:], seed)
    carved = {TRAIN: rows.select(train), VALIDATION: rows.select(validation)}
    note = f"validation is 20 % of the given training rows (seed {seed})"
    return DatasetDict(carved | {split: splits[split] for split in splits if split != TRAIN}), (note,)
