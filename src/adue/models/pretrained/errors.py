"""What transformers, PEFT, tokenizers and safetensors raise while a model loads, as one line that keeps the reason."""

import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from adue.foundation.errors import AdueError

_LONGEST = 300
"""Characters of a reason; the list of all tensors that do not fit may have thousands."""

_BARE = (KeyError, AttributeError, TypeError, IndexError, AssertionError)
"""Errors whose message alone is often a single name."""


@contextmanager
def in_one_line(word: Callable[[str, Exception], AdueError]) -> Iterator[None]:
    """Turn any error inside the block into ``word(reason, error)``, where it is not worded by adue already.

    These libraries raise nearly every class of error for a file that they cannot use. An error of memory passes
    through: it says nothing about the files.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, AdueError) or _is_out_of_memory(error):
            raise
        raise word(reason(error), error) from error


def reason(error: Exception) -> str:
    r"""Return the message of `error` on one line, shortened where it is long.

    >>> reason(KeyError("lora_B"))
    "KeyError: 'lora_B'"
    >>> reason(RuntimeError("Error in loading:\n  size mismatch for weight"))
    'Error in loading: size mismatch for weight'
    """
    text = textwrap.shorten(str(error), _LONGEST, placeholder=" ...").rstrip(".:")
    if not text:
        return type(error).__name__
    return f"{type(error).__name__}: {text}" if isinstance(error, _BARE) else text


def _is_out_of_memory(error: Exception) -> bool:
    # On the processor torch raises a plain RuntimeError.
    words = ("can't allocate memory", "not enough memory")
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(part in str(error) for part in words)
