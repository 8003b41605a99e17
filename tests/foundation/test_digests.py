import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from adue.foundation.digests import file_sha256_of_tensors, tensors_sha256
from adue.foundation.errors import ArtifactError
from adue.foundation.tensor_files import DTYPES

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1, 2])}


def test_the_digest_is_the_sha256_of_names_types_shapes_and_bytes() -> None:
    expected = hashlib.sha256()
    expected.update(b"a\ntorch.float32\n(2, 3)\n" + TENSORS["a"].numpy().tobytes())
    expected.update(b"b\ntorch.int64\n(2,)\n" + TENSORS["b"].numpy().tobytes())
    assert tensors_sha256(TENSORS) == expected.hexdigest()


def test_order_and_memory_layout_do_not_matter() -> None:
    turned = {"b": TENSORS["b"], "a": TENSORS["a"].T.contiguous().T}
    assert not turned["a"].is_contiguous()
    assert tensors_sha256(turned) == tensors_sha256(TENSORS)


@pytest.mark.parametrize(
    "changed",
    [
        {"c": TENSORS["a"], "b": TENSORS["b"]},
        {"a": TENSORS["a"].reshape(3, 2), "b": TENSORS["b"]},
        {"a": TENSORS["a"].double(), "b": TENSORS["b"]},
        {"a": TENSORS["a"].nextafter(torch.tensor(9.0)), "b": TENSORS["b"]},
        {"a": TENSORS["a"]},
    ],
)
def test_any_change_changes_the_digest(changed: dict[str, torch.Tensor]) -> None:
    assert tensors_sha256(changed) != tensors_sha256(TENSORS)


@pytest.mark.parametrize("tensor", [torch.tensor(1.0), torch.zeros(0, 3), torch.ones(2, dtype=torch.bfloat16)])
def test_scalars_empty_and_half_precision_tensors_have_a_digest(tensor: torch.Tensor) -> None:
    assert len(tensors_sha256({"x": tensor})) == 64


KINDS = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint64, torch.uint32, torch.uint16, torch.uint8,
    torch.bool, torch.complex64,
]  # fmt: skip


def random_bytes(kind: torch.dtype, *shape: int) -> torch.Tensor:
    """Return a tensor of any type whose bytes are drawn at random; those of truth values are 0 and 1."""
    width = torch.empty(0, dtype=kind).element_size()
    drawn = torch.randint(0, 2 if kind == torch.bool else 256, (*shape, width), dtype=torch.uint8)
    return drawn.view(kind).reshape(shape)


def every_kind() -> dict[str, torch.Tensor]:
    tensors = {f"{kind}.{shape}": random_bytes(kind, *shape) for kind in KINDS for shape in ((3, 2), (), (0, 4))}
    return tensors | {"ä name": torch.ones(1)}


def test_the_file_has_the_digest_of_its_tensors_for_every_type_and_shape(tmp_path: Path) -> None:
    tensors = every_kind()
    save_file(tensors, tmp_path / "a.safetensors", metadata={"format": "pt"})
    assert file_sha256_of_tensors([tmp_path / "a.safetensors"]) == tensors_sha256(tensors)


def test_every_type_of_a_file_is_known() -> None:
    assert {str(kind) for kind in KINDS} == {name for name, _ in DTYPES.values()}
    assert all(torch.empty(0, dtype=kind).element_size() == dict(DTYPES.values())[str(kind)] for kind in KINDS)


def test_several_files_have_the_digest_of_all_their_tensors_and_the_later_one_counts(tmp_path: Path) -> None:
    first, second = {"b": TENSORS["a"], "a": TENSORS["b"]}, {"a": TENSORS["a"], "c": TENSORS["b"]}
    paths = [tmp_path / "1.safetensors", tmp_path / "2.safetensors"]
    for tensors, path in zip((first, second), paths, strict=True):
        save_file(tensors, path)
    assert file_sha256_of_tensors(paths) == tensors_sha256(first | second)


def test_no_files_have_the_digest_of_no_tensors(tmp_path: Path) -> None:
    save_file({}, tmp_path / "none.safetensors")
    assert file_sha256_of_tensors([]) == tensors_sha256({}) == file_sha256_of_tensors([tmp_path / "none.safetensors"])


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file(TENSORS, path)
    content = path.read_bytes()
    for kept in range(len(content)):
        path.write_bytes(content[:kept])
        with pytest.raises(ArtifactError, match=r"a\.safetensors is damaged or cut short \(.*\); copy or save it"):
            file_sha256_of_tensors([path])
    path.write_bytes(content + b"\0")
    with pytest.raises(ArtifactError, match=r"its header promises"):
        file_sha256_of_tensors([path])


def entry(**changed: object) -> dict[str, object]:
    return {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changed


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"{", "its header cannot be read"),
        (b"\xff\xff", "its header cannot be read"),
        (b"[]", "its header cannot be read"),
        ({"x": 3}, "its header cannot be read"),
        ({"x": {"dtype": "F32", "shape": [2]}}, "its header cannot be read"),
        ({"x": entry(shape=[-2])}, "its header cannot be read"),
        ({"x": entry(shape=[2.0])}, "its header cannot be read"),
        ({"x": entry(data_offsets=[8])}, "do not fit|cannot be read|not enough"),
        ({"x": entry(dtype="F4")}, "the tensor 'x' has the unknown type F4"),
        ({"x": entry(shape=[3])}, "the bytes of the tensor 'x' do not fit its shape"),
        ({"x": entry(data_offsets=[8, 0])}, "the bytes of the tensor 'x' do not fit its shape"),
        ({"x": entry(data_offsets=[8, 16])}, "the bytes of the tensor 'x' do not begin where"),
        ({"x": entry(), "y": entry()}, "the bytes of the tensor 'y' do not begin where"),
        ({"x": entry(shape=[4], data_offsets=[0, 16])}, "it has .* bytes, its header promises"),
    ],
)
def test_a_damaged_header_is_refused_as_the_library_refuses_it(tmp_path: Path, header: Any, words: str) -> None:
    written = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(written).to_bytes(8, "little") + written + bytes(8))
    with pytest.raises(ArtifactError, match=words):
        file_sha256_of_tensors([path])
    with pytest.raises((SafetensorError, ValueError)):
        load_file(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"gone\.safetensors is damaged or cut short \(.*No such file"):
        file_sha256_of_tensors([tmp_path / "gone.safetensors"])
