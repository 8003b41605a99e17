"""SHA-256 of weights: what a head was fitted on, and whether anything has changed since."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from adue.foundation.errors import ArtifactError
from adue.foundation.tensor_files import StoredTensor, read_header, stored_sha256

if TYPE_CHECKING:
    from torch import Tensor


def tensors_sha256(tensors: "Mapping[str, Tensor]") -> str:
    """Return the SHA-256 over the sorted names, types, shapes and bytes of `tensors`, as 64 hexadecimal digits.

    >>> import torch
    >>> tensors_sha256({"weight": torch.zeros(2)})[:8]
    'acfde86f'
    """
    import torch

    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}\n{tensor.dtype}\n{tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def file_sha256_of_tensors(paths: Iterable[Path]) -> str:
    """Return the SHA-256 of all tensors in safetensors files, the same as `tensors_sha256` of them, without torch.

    Of two tensors with the same name the one in the later file counts.

    Raises
    ------
    ArtifactError
        When a file is missing, damaged or cut short.

    Examples
    --------
    >>> file_sha256_of_tensors([]) == tensors_sha256({})
    True
    """
    tensors: dict[str, StoredTensor] = {}
    for path in paths:
        try:
            tensors |= read_header(path)
        except (OSError, ValueError) as error:
            raise ArtifactError(f"{path} is damaged or cut short ({error}); copy or save it again") from error
    try:
        return stored_sha256(tensors)
    except OSError as error:
        raise ArtifactError(f"the weights cannot be read ({error}); copy or save them again") from error
