"""The base of all configurations: frozen and validated, strict where a person wrote them, else tolerant of new keys."""

import json
import warnings
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, model_validator

from adue.foundation.config.keys import BY_HAND, UNKNOWN_KEY, refuse_unknown_key, unknown_keys
from adue.foundation.errors import ArtifactError, DataError, DataWarning

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class FrozenConfig(BaseModel):
    """A frozen set of values; of the keys that it does not know it warns, or refuses them where a person wrote them."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _check_keys(cls, values: Any, info: ValidationInfo) -> Any:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        unknown = unknown_keys(values, known) if isinstance(values, dict) else []
        if unknown and info.context == BY_HAND:
            refuse_unknown_key(unknown[0], known)
        if unknown:
            warnings.warn(
                f"{cls.__name__}: ignoring unknown keys {', '.join(unknown)}; a newer adue may have written them, "
                "upgrade with pip install --upgrade adue",
                DataWarning,
                stacklevel=4,
            )
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any], *, file: Path | None = None) -> Self:
        """Return the validated configuration.

        Parameters
        ----------
        file
            Where a person wrote the values: an unknown key is then a typo and refused, at every depth. None for values
            that adue wrote, perhaps a newer one, which may know more keys.

        Raises
        ------
        DataError
            When a value is missing or out of range, or a person wrote an unknown key; the message names it.
        """
        try:
            return cls.model_validate(values, context=None if file is None else BY_HAND)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            if first["type"] == UNKNOWN_KEY:
                raise DataError(": ".join(filter(None, (str(file), where, first["msg"])))) from error
            got = "" if first["type"] == "missing" else f", got {first['input']!r}"
            raise DataError(f"{cls.__name__}: {where or cls.__name__}: {first['msg']}{got}") from error

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
