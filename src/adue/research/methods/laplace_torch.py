"""The library laplace-torch, loaded when a Laplace approximation is first needed."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from adue.foundation.errors import MissingExtraError


def laplace_torch() -> ModuleType:
    """Return the module ``laplace``.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    handlers = list(logging.root.handlers)
    try:
        with without_reminders():
            return import_module("laplace")
    except ImportError as error:
        raise MissingExtraError(
            f'Laplace approximations need laplace-torch ({error}); run pip install "adue[laplace]"'
        ) from error
    finally:
        # Its import logs with logging.info, which gives the root logger a handler that nobody asked for.
        logging.root.handlers[:] = handlers


@contextmanager
def without_reminders() -> Iterator[None]:
    """Keep two warnings quiet inside the block about which nobody can do anything.

    A backend of the library, and torch's own forward-mode differentiation, use what torch has deprecated; and tuning
    the prior reminds of the link function on every call, on which the marginal likelihood does not depend.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit.script", DeprecationWarning)
        warnings.filterwarnings("ignore", "By default `link_approx` is `probit`", UserWarning)
        yield
