"""Keys that a configuration does not know, and YAML files that a person wrote, in which such a key is a typo."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, NoReturn

import yaml
from pydantic_core import PydanticCustomError

from adue.foundation.errors import DataError

BY_HAND: Literal["written by hand"] = "written by hand"
"""The context of a validation in which an unknown key is refused."""
UNKNOWN_KEY: Literal["unknown_key"] = "unknown_key"
"""The type of pydantic's error for such a key."""


def read_yaml(path: Path) -> Any:
    """Return what a YAML file holds.

    Raises
    ------
    DataError
        When there is no such file, or it is not YAML.
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}; give the path of a .yaml file") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error


def unknown_keys(values: Mapping[Any, Any], known: Iterable[str]) -> list[str]:
    """Return the keys of `values` that are not among `known`, sorted.

    >>> unknown_keys({"alpha": 1, "gamma": 2, 3: 4}, ["alpha", "beta"])
    ['3', 'gamma']
    """
    return sorted(map(str, set(values) - set(known)))


def refuse_unknown_key(key: str, known: Iterable[str]) -> NoReturn:
    """Refuse a key inside a validator, with the nearest known one, if any is near, and all that there are."""
    names = list(known)
    nearest = get_close_matches(key, names, n=1)
    guess = f"; did you mean '{nearest[0]}'?" if nearest else ";"
    words = f"there is no key '{key}'{guess} the keys are {', '.join(names)}"
    raise PydanticCustomError(UNKNOWN_KEY, "{words}", {"words": words})
