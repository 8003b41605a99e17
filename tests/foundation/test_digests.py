import hashlib

import pytest
import torch

from adue.foundation.digests import tensors_sha256

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
