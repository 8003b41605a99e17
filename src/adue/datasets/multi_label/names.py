"""The labels of a model, as data may call them: by name, by id, or by a name that the user renames."""

from collections.abc import Collection, Mapping, Sequence

from adue.foundation.errors import DataError

_SHOWN = 10


class LabelNames:
    """The names of a model's labels, in the order of their ids.

    Parameters
    ----------
    names
        Of the labels.
    label_map
        What a label in the data is called by the model.

    Raises
    ------
    DataError
        When an entry of the map leads to no label.
    """

    def __init__(self, names: Sequence[str], label_map: Mapping[str, str] | None = None) -> None:
        self.names = tuple(names)
        self._exact = {name: index for index, name in enumerate(names)}
        self._folded = {fold(name): index for index, name in enumerate(names)}
        if len(self._folded) < len(self.names):
            # Names that differ in case only are told apart by it.
            self._folded = {}
        self._renamed = {}
        for old, new in (label_map or {}).items():
            index = self._find(new)
            if index is None:
                raise DataError(
                    f"--label-map sends '{old}' to '{new}', which is no label of the model ({self}); map it to one of "
                    "these"
                )
            self._renamed[fold(old)] = index
        self.unused = set(self._renamed)

    def __len__(self) -> int:
        return len(self.names)

    def __str__(self) -> str:
        return ", ".join(self.names)

    def named(self, text: str) -> int | None:
        """Return the id of the label that data call `text`, None where that is none."""
        self.unused.discard(fold(text))
        return self._renamed.get(fold(text), self._find(text))

    def numbered(self, text: str) -> int | None:
        """Return the id that `text` is, None where it is none."""
        return int(text) if text.isascii() and text.isdigit() and int(text) < len(self) else None

    def ids(self, items: Collection[str]) -> dict[str, int]:
        """Return the id of every item: by name where all are names, else by id where all are ids.

        Raises
        ------
        DataError
            When an item is unknown, or names and ids are mixed.
        """
        by_name, by_id = ({item: find(item) for item in items} for find in (self.named, self.numbered))
        for found in (by_name, by_id):
            known = {item: index for item, index in found.items() if index is not None}
            if len(known) == len(items):
                return known
        unknown = [item for item, index in by_name.items() if index is None]
        shown = ", ".join(f"'{item}'" for item in unknown[:_SHOWN]) + (" ..." if len(unknown) > _SHOWN else "")
        raise DataError(
            f"{shown} is no label of the model ({self}); write these names, or rename labels with --label-map"
        )

    def _find(self, text: str) -> int | None:
        return self._exact.get(text, self._folded.get(fold(text)))


def fold(name: str) -> str:
    """Return `name` without regard to case and outer spaces."""
    return name.strip().casefold()
