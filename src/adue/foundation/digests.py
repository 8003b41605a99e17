"""SHA-256 of weights: what a head was fitted on, and whether anything has changed since."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor


def tensors_sha256(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over the sorted names, types, shapes and bytes of `tensors`, as 64 hexadecimal digits.

    >>> tensors_sha256({"weight": torch.zeros(2)})[:8]
    'acfde86f'
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}\n{tensor.dtype}\n{tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
