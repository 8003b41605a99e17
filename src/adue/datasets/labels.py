"""Labels as the user writes them, made into the ids of the model's classes."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from datasets import ClassLabel, Dataset

from adue.foundation.errors import DataError
from adue.foundation.types import OUT_OF_SCOPE, OUT_OF_SCOPE_NAME

_WHOLE_NUMBER = re.compile(r"([+-]?\d+)(\.0*)?")
_DEFAULT_NAME = re.compile(r"LABEL_\d+")
_MOST_NAMES_SHOWN = 10


def label_values(dataset: Dataset, column: str, label2id: Mapping[str, int] | None) -> list[str | None]:
    """Return the labels of `column` as text, with None where one is missing.

    Class names are used where the data set knows them, unless the model only knows LABEL_0, LABEL_1 ...: then ids.
    """
    feature = dataset.features[column]
    values = dataset[column][:]
    if isinstance(feature, ClassLabel):
        by_id = label2id is not None and all(_DEFAULT_NAME.fullmatch(name) for name in label2id)
        names = [str(index) if by_id and not _is_outside(name) else name for index, name in enumerate(feature.names)]
        # -1 is how data sets on the Hub mark a label that is kept secret.
        return [names[value] if value is not None and value >= 0 else None for value in values]
    return [_as_text(value) for value in values]


def make_label2id(
    datasets: Iterable[tuple[Dataset, str]], label_map: Mapping[str, str] | None = None
) -> dict[str, int]:
    """Return ids for the labels found in pairs of data set and label column.

    A data set's own class order is kept; other labels are sorted, whole numbers by size. ``out-of-scope`` is no class.

    Raises
    ------
    DataError
        When the labels hold fewer than two classes.
    """
    pairs = list(datasets)
    feature = pairs[0][0].features[pairs[0][1]]
    if isinstance(feature, ClassLabel) and not label_map:
        found = [name for name in feature.names if not _is_outside(name)]
    else:
        labels = {label for dataset, column in pairs for label in label_values(dataset, column, None)}
        mapped = {_without_decimals(_apply_map(label, label_map)) for label in labels if label is not None}
        classes = [name for name in mapped if not _is_outside(name)]
        found = sorted(classes, key=lambda name: (not _WHOLE_NUMBER.fullmatch(name), _number(name), name))
    if len(found) < 2:  # noqa: PLR2004
        raise DataError(
            f"the label column holds {_show(found) or 'nothing'} only, but a classifier needs two classes or more; "
            "check --label-column, or add rows of another class"
        )
    return {name: index for index, name in enumerate(found)}


def encode_labels(
    labels: Sequence[str | None],
    label2id: Mapping[str, int],
    label_map: Mapping[str, str] | None = None,
    where: str = "the data",
) -> list[int]:
    """Return the class id of every label; `where` names the rows in messages.

    A label is first sent through `label_map`, then looked up among the names of `label2id`, then among them without
    regard to case (where only one fits), then among the ids; ``1.0`` is the same as ``1``. Where ``out-of-scope`` is
    not the name of a class, it becomes OUT_OF_SCOPE: no class fits the row.

    Raises
    ------
    DataError
        When a label is missing, or the model does not know it.

    Examples
    --------
    >>> encode_labels(["Positive", "0"], {"negative": 0, "positive": 1})
    [1, 0]
    """
    if None in labels:
        raise DataError(
            f"{where}: {labels.count(None)} of {len(labels)} rows have no label "
            f"(first: row {labels.index(None) + 1}); "
            "fill them in or drop these rows"
        )
    written = list(dict.fromkeys(label for label in labels if label is not None))
    ids = {label: _find(_apply_map(label, label_map), label2id) for label in written}
    unknown = [label for label in written if ids[label] is None]
    if unknown:
        raise _unknown_error(unknown, label2id, label_map or {})
    known = {label: index for label, index in ids.items() if index is not None}
    return [known[label] for label in labels if label is not None]


def _as_text(value: object) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(value).strip() or None


def _apply_map(label: str, label_map: Mapping[str, str] | None) -> str:
    if not label_map:
        return label
    if label in label_map:
        return str(label_map[label])
    alike = [target for name, target in label_map.items() if name.strip().casefold() == label.casefold()]
    return str(alike[0]) if len(alike) == 1 else label


def _find(label: str, label2id: Mapping[str, int]) -> int | None:
    if label in label2id:
        return label2id[label]
    alike = [index for name, index in label2id.items() if name.strip().casefold() == label.casefold()]
    if len(alike) == 1:
        return alike[0]
    if _is_outside(label):
        return OUT_OF_SCOPE
    if not _WHOLE_NUMBER.fullmatch(label):
        return None
    if _without_decimals(label) in label2id:
        return label2id[_without_decimals(label)]
    return _number(label) if _number(label) in label2id.values() else None


def _is_outside(label: str) -> bool:
    return label.strip().casefold() == OUT_OF_SCOPE_NAME


def _unknown_error(unknown: list[str], label2id: Mapping[str, int], label_map: Mapping[str, str]) -> DataError:
    known = _show(sorted(label2id, key=label2id.__getitem__), quote="")
    first = unknown[0]
    target = _apply_map(first, label_map)
    if target != first:
        return DataError(
            f"--label-map sends '{first}' to '{target}', which the model does not know (it knows: {known}); "
            "map it to one of these"
        )
    if all(_WHOLE_NUMBER.fullmatch(label) for label in unknown):
        return DataError(
            f"the label column holds {_show(unknown, quote='')}, but the model's classes are numbered "
            f"{min(label2id.values())} to {max(label2id.values())} ({known}); map it with --label-map or drop "
            "these rows"
        )
    return DataError(
        f"the label column holds {_show(unknown)}, which the model does not know (it knows: {known}); "
        "map it with --label-map or drop these rows"
    )


def _show(names: Sequence[str], quote: str = "'") -> str:
    shown = [f"{quote}{name}{quote}" for name in names[:_MOST_NAMES_SHOWN]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def _without_decimals(name: str) -> str:
    return name.partition(".")[0] if _WHOLE_NUMBER.fullmatch(name) else name


def _number(name: str) -> int:
    whole = _WHOLE_NUMBER.fullmatch(name)
    return int(whole[1]) if whole else 0
