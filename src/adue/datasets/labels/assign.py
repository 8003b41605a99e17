"""Labels of all splits, the model's classes and the user's map put together."""

from collections.abc import Collection, Mapping

from adue.datasets.labels.column import LabelColumn
from adue.datasets.labels.encode import EncodedLabels, encode_labels
from adue.datasets.labels.new_classes import make_label2id
from adue.datasets.labels.readings import number_labels
from adue.datasets.labels.renames import Renames


def assign_classes(
    columns: Mapping[str, LabelColumn],
    needed: Collection[str],
    *,
    label2id: Mapping[str, int] | None,
    label_map: Mapping[str, str] | None,
    shared_map: bool,
    name: str,
) -> tuple[dict[str, int], EncodedLabels]:
    """Return the class ids by name, made from the labels where `label2id` is None, and the labels as these ids.

    Parameters
    ----------
    columns
        The labels by split; those of `needed` splits must be understood.
    shared_map
        Whether `label_map` was written for other data too, so that it need not match a label here.
    name
        That of the data in messages.

    Raises
    ------
    DataError
        When labels are no classes or none that the model knows, or the map matches no label or names no class.

    Warns
    -----
    DataWarning
        When an entry of the map matches no label, or a label could mean two classes.
    """
    renames = Renames(label_map or {})
    if label2id is not None:
        renames.classes(label2id)
    texts = [text for column in columns.values() for text in _spellings(column, label2id or {})]
    if not shared_map:
        renames.require_match(list(dict.fromkeys(texts)))
    renames = renames.restrict_to(texts)
    if label2id is None:
        others = [column for split, column in columns.items() if split not in needed]
        label2id = make_label2id([columns[split] for split in needed] or others, others, renames)
    return dict(label2id), encode_labels(columns, label2id, renames, needed, name)


def _spellings(column: LabelColumn, label2id: Mapping[str, int]) -> list[str]:
    """Return what the user may call the labels of `column`: as they are written, or by the data set's own ids."""
    numbers = number_labels(column, label2id) if column.ids and label2id else {}
    return [*column.written, *(str(number) for number in numbers.values() if number is not None)]
