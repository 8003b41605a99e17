"""What computed the scores that a threshold was set on: on another engine it holds for nothing."""

from typing import Literal, Self

from pydantic import Field

from adue.foundation.config import FrozenConfig


class Engine(FrozenConfig):
    """What computes U, as far as it moves values.

    Attributes
    ----------
    backend
        ``torch``, ``onnx`` (the base model by ONNX Runtime), ``export`` (one graph by ``adue export``), or ``scores``
        where scores were read from a file.
    dtype
        Of the base model's weights.
    max_length
        Tokens of a text that are read; 0 for ``scores``.
    """

    backend: Literal["torch", "onnx", "export", "scores"]
    dtype: str
    merged: bool = False
    max_length: int = Field(ge=0)

    def differences(self, now: Self) -> list[str]:
        """Return what is another `now`, for a person to read.

        >>> Engine(backend="torch", dtype="float32", max_length=128).differences(
        ...     Engine(backend="onnx", dtype="float32", max_length=128)
        ... )
        ['backend torch, now onnx']
        """
        return [
            f"{name} {before}, now {after}"
            for name in type(self).model_fields
            if (before := getattr(self, name)) != (after := getattr(now, name))
        ]
