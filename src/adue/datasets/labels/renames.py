"""What the user says that the data's labels are called: the entries of ``--label-map``."""

import difflib
import warnings
from collections.abc import Mapping, Sequence

from adue.datasets.labels.readings import readings
from adue.datasets.labels.refusals import list_classes
from adue.datasets.labels.spelling import Names, is_outside, show, trim, whole_number
from adue.foundation.errors import DataError, DataWarning
from adue.foundation.types import OUT_OF_SCOPE


class Renames:
    """A label map whose entries match every spelling of a label, as the names of classes do.

    Raises
    ------
    DataError
        When two entries give one label two names.
    """

    def __init__(self, label_map: Mapping[str, str]) -> None:
        self.targets: dict[str, str] = {}
        for key, target in label_map.items():
            if self.targets.setdefault(trim(key), target) != target:
                raise DataError(
                    f"--label-map sends '{trim(key)}' to '{self.targets[trim(key)]}' and to '{target}'; keep one"
                )
        self._keys = Names(self.targets)

    def target(self, text: str) -> str | None:
        """Return what `text` is to be called, None where no entry says it."""
        found = {self.targets[key] for key in self._keys.matches(text)}
        return found.pop() if len(found) == 1 else None

    def restrict_to(self, texts: Sequence[str]) -> "Renames":
        """Return the entries that match one of `texts`."""
        keys = {key for text in texts if self.target(text) is not None for key in self._keys.matches(text)}
        return Renames({key: target for key, target in self.targets.items() if key in keys})

    def require_match(self, texts: Sequence[str]) -> None:
        """Refuse a map that matches none of `texts`, the data's labels; warn of an entry that matches none.

        Raises
        ------
        DataError
            When no entry matches.
        """
        matched = self.restrict_to(texts).targets
        unmatched = [key for key in self.targets if key not in matched]
        if unmatched and not matched:
            raise DataError(
                f"--label-map renames {show(unmatched)}, but the data hold none of these (they hold: {show(texts)}); "
                "write the labels as the data do"
            )
        for key in unmatched:
            nearest = difflib.get_close_matches(key, texts, n=1, cutoff=0.0)
            closest = f"; the closest label is '{nearest[0]}'" if nearest else ""
            warnings.warn(f"--label-map {key}={self.targets[key]} matches no row{closest}", DataWarning, stacklevel=2)

    def classes(self, label2id: Mapping[str, int]) -> dict[str, int]:
        """Return the class id of every name that the map gives.

        The names are read as labels are: all as names of classes, or all as ids.

        Raises
        ------
        DataError
            When the model does not know one.
        """
        by_name, by_id, _ = readings(label2id)
        names = dict.fromkeys(self.targets.values())
        numbers = {name: whole_number(name) for name in names}
        outside = [name for name in names if is_outside(name) and by_name.find(name, None) is None]
        inside = {name: number for name, number in numbers.items() if name not in outside}
        reading = next((one for one in (by_name, by_id) if one.fits(inside)), None)
        if reading is None:
            raise self._refuse_targets(inside, label2id)
        found = {name: reading.find(name, number) for name, number in inside.items()}
        return {name: index for name, index in found.items() if index is not None} | dict.fromkeys(
            outside, OUT_OF_SCOPE
        )

    def _refuse_targets(self, targets: Mapping[str, int | None], label2id: Mapping[str, int]) -> DataError:
        by_name, by_id, _ = readings(label2id)
        known = list_classes(label2id)
        for key, target in self.targets.items():
            number = targets.get(target)
            if target in targets and by_name.find(target, None) is None and by_id.find(target, number) is None:
                return DataError(
                    f"--label-map sends '{key}' to '{target}', which the model does not know (it knows: {known}); "
                    "map it to one of these"
                )
        return DataError(
            f"--label-map sends labels to {show(list(targets))}, of which some are names of the model's classes and "
            f"some are ids (the names are: {known}); write names only"
        )
