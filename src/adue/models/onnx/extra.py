"""The optional packages behind ONNX, loaded when they are first needed."""

from importlib import import_module
from types import ModuleType

from adue.foundation.errors import MissingExtraError


def import_optional(module: str) -> ModuleType:
    """Return a module of onnx, onnxruntime or onnxscript.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError(f'ONNX needs the package {module} ({error}); run pip install "adue[onnx]"') from error
