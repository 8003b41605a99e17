"""What all configurations have in common: frozen, validated, tolerant of keys that a newer adue may write."""

import json
import warnings
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adue.foundation.errors import ArtifactError, DataError, DataWarning

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class FrozenConfig(BaseModel):
    """A frozen set of values that warns about keys it does not know and reads the rest."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _warn_of_unknown_keys(cls, values: Any) -> Any:
        unknown = sorted(map(str, set(values) - set(cls.model_fields))) if isinstance(values, dict) else []
        if unknown:
            warnings.warn(
                f"{cls.__name__}: ignoring unknown keys {', '.join(unknown)}; a newer adue may have written them, "
                "upgrade with pip install --upgrade adue",
                DataWarning,
                stacklevel=4,
            )
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the validated configuration.

        Raises
        ------
        DataError
            When a value is missing or out of range; the message names it.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or cls.__name__
            got = "" if first["type"] == "missing" else f", got {first['input']!r}"
            raise DataError(f"{cls.__name__}: {where}: {first['msg']}{got}") from error

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, from which `from_dict` makes the same configuration.

        >>> from adue.foundation.config import HyperParameters
        >>> HyperParameters.from_dict(HyperParameters(alpha=1.0).to_dict()) == HyperParameters(alpha=1.0)
        True
        """
        return self.model_dump(mode="json")


class SavedConfig(FrozenConfig):
    """A configuration in a file of its own, with the version of its format.

    Attributes
    ----------
    format_version
        By default the one that this adue writes, which reads that and older ones.
    cure
        How to get a file that is not damaged.
    """

    cure: ClassVar[str]

    format_version: int

    @classmethod
    def from_json(cls, path: Path) -> Self:
        """Read the file at `path`.

        Raises
        ------
        ArtifactError
            When the file is not there, is not JSON, has missing or bad values, or a newer format.
        """
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ArtifactError(f"cannot read {path}: {error}; {cls.cure}") from error
        if not isinstance(values, dict):
            raise ArtifactError(f"{path} is not an adue configuration; {cls.cure}")
        version, newest = values.get("format_version"), cls.model_fields["format_version"].default
        if not isinstance(version, int) or version > newest:
            raise ArtifactError(
                f"{path} has format version {version}, this adue reads up to {newest}; "
                "upgrade with pip install --upgrade adue"
            )
        try:
            return cls.from_dict(values)
        except DataError as error:
            raise ArtifactError(f"{path} is damaged: {error}; {cls.cure}") from error
