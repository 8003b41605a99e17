"""What a safetensors file says about its tensors, and their digest, read without torch.

The format: eight bytes with the length of the header (little-endian), the header as JSON, and the bytes of all tensors,
one after the other (https://huggingface.co/docs/safetensors).
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DTYPES: dict[str, tuple[str, int]] = {
    "BOOL": ("torch.bool", 1),
    "U8": ("torch.uint8", 1),
    "I8": ("torch.int8", 1),
    "F8_E4M3": ("torch.float8_e4m3fn", 1),
    "F8_E5M2": ("torch.float8_e5m2", 1),
    "U16": ("torch.uint16", 2),
    "I16": ("torch.int16", 2),
    "F16": ("torch.float16", 2),
    "BF16": ("torch.bfloat16", 2),
    "U32": ("torch.uint32", 4),
    "I32": ("torch.int32", 4),
    "F32": ("torch.float32", 4),
    "U64": ("torch.uint64", 8),
    "I64": ("torch.int64", 8),
    "F64": ("torch.float64", 8),
    "C64": ("torch.complex64", 8),
}
"""What torch calls each type of a safetensors file, and how many bytes a number has."""

_LENGTH_BYTES = 8
_MOST_HEADER_BYTES = 100_000_000
"""As in the safetensors library: a longer header is damage, and is not read into memory."""
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class StoredTensor:
    """One tensor of a file: its type as torch names it, its shape, and where its bytes lie."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


def read_header(path: Path) -> dict[str, StoredTensor]:
    """Return the tensors of a safetensors file by name.

    Raises
    ------
    OSError
        When the file cannot be read.
    ValueError
        When it is damaged or cut short; the message says where.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        if size < _LENGTH_BYTES or length > min(size - _LENGTH_BYTES, _MOST_HEADER_BYTES):
            raise ValueError("its header is longer than the file")
        header = file.read(length)
    try:
        entries = json.loads(header)
        entries.pop("__metadata__", None)
        first = _LENGTH_BYTES + length
        tensors = {name: _stored(path, name, entry, first) for name, entry in entries.items()}
    except (AttributeError, KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError("its header cannot be read") from error
    _require_whole(tensors, first, size)
    return tensors


def stored_sha256(tensors: Mapping[str, StoredTensor]) -> str:
    """Return what :func:`adue.foundation.digests.tensors_sha256` returns for the same tensors in memory.

    Raises
    ------
    OSError
        When a file cannot be read.
    """
    digest = hashlib.sha256()
    with ExitStack() as stack:
        files = {path: stack.enter_context(path.open("rb")) for path in {one.path for one in tensors.values()}}
        for name in sorted(tensors):
            tensor = tensors[name]
            digest.update(f"{name}\n{tensor.dtype}\n{tensor.shape}\n".encode())
            for chunk in _read_bytes(files[tensor.path], tensor):
                digest.update(chunk)
    return digest.hexdigest()


def _read_bytes(file: Any, tensor: StoredTensor) -> Iterator[bytes]:
    file.seek(tensor.start)
    left = tensor.stop - tensor.start
    while left:
        chunk = file.read(min(left, _CHUNK_BYTES))
        if not chunk:
            raise OSError(f"{tensor.path} became shorter while it was read")
        left -= len(chunk)
        yield chunk


def _stored(path: Path, name: str, entry: dict[str, Any], first: int) -> StoredTensor:
    if entry["dtype"] not in DTYPES:
        raise ValueError(f"the tensor '{name}' has the unknown type {entry['dtype']}")
    dtype, width = DTYPES[entry["dtype"]]
    shape, (start, stop) = tuple(map(_count, entry["shape"])), map(_count, entry["data_offsets"])
    if stop - start != math.prod(shape) * width:
        raise ValueError(f"the bytes of the tensor '{name}' do not fit its shape")
    return StoredTensor(path, dtype, shape, first + start, first + stop)


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise TypeError(f"{value!r} is no count")
    return value


def _require_whole(tensors: Mapping[str, StoredTensor], first: int, size: int) -> None:
    """Refuse a file whose tensors do not fill it, one after the other and to its end."""
    end = first
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].stop)):
        if tensor.start != end:
            raise ValueError(f"the bytes of the tensor '{name}' do not begin where those before it end")
        end = tensor.stop
    if end != size:
        raise ValueError(f"it has {size} bytes, its header promises {end}")
