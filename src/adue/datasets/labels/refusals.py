"""Why labels are refused, in one line that says what is wrong and what to do."""

import shlex
from collections.abc import Mapping, Sequence

from adue.datasets.labels.readings import Numbers, Reading, readings
from adue.datasets.labels.spelling import is_fraction, show
from adue.foundation.errors import DataError

_MOST_ENTRIES_SHOWN = 10


def list_classes(label2id: Mapping[str, int]) -> str:
    """Return the names of the model's classes in the order of their ids."""
    return show(sorted(label2id, key=label2id.__getitem__), quote="")


def refuse_labels(labels: Numbers, label2id: Mapping[str, int]) -> DataError:
    """Return why no single reading fits `labels`, which the model may know in part or not at all."""
    possible = readings(label2id)
    unknown = [text for text, number in labels.items() if all(one.find(text, number) is None for one in possible)]
    if not unknown:
        return _refuse_mixture(labels, possible)
    known, lowest, highest = list_classes(label2id), min(label2id.values()), max(label2id.values())
    if _counts_from_one(labels, label2id):
        return DataError(
            f"the label column holds {show(unknown, quote='')}, but the model's classes are numbered {lowest} to "
            f"{highest} ({known}); if the data count from 1, give {_map_from_one(label2id)}"
        )
    if all(labels[text] is not None for text in unknown):
        return DataError(
            f"the label column holds {show(unknown, quote='')}, but the model's classes are numbered "
            f"{lowest} to {highest} ({known}); map it with --label-map or drop these rows"
        )
    cure = "map it with --label-map or drop these rows"
    if all(map(is_fraction, unknown)):
        cure = "fractions are scores and no classes: name another column with --label-column, or make classes of them"
    return DataError(
        f"the label column holds {show(unknown)}, which the model does not know (it knows: {known}); {cure}"
    )


def _refuse_mixture(labels: Numbers, possible: Sequence[Reading]) -> DataError:
    first = {
        text: next(one.name for one in possible if one.find(text, number) is not None)
        for text, number in labels.items()
    }
    said = "; ".join(
        f"as {one.name} {show([text for text in labels if first[text] == one.name])}"
        for one in possible
        if one.name in first.values()
    )
    return DataError(
        f"the label column mixes names and ids of classes ({said}); write all as names, or all as ids from 0, or "
        "rename them with --label-map"
    )


def _counts_from_one(labels: Numbers, label2id: Mapping[str, int]) -> bool:
    numbers = list(labels.values())
    count = len(label2id)
    return set(label2id.values()) == set(range(count)) and count in numbers and set(numbers) <= set(range(1, count + 1))


def _map_from_one(label2id: Mapping[str, int]) -> str:
    ordered = sorted(label2id, key=label2id.__getitem__)[:_MOST_ENTRIES_SHOWN]
    entries = " ".join(f"--label-map {shlex.quote(f'{number}={name}')}" for number, name in enumerate(ordered, start=1))
    return entries + (" and so on" if len(label2id) > _MOST_ENTRIES_SHOWN else "")
