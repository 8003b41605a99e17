"""8-bit integers: smaller, close, and the heads untouched."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from adue.models.export import OnnxAdueModel
from adue.models.export.manifest import MANIFEST_FILE, Manifest
from tests.models.export.conftest import Exported, ModelOf
from tests.support.adapters import random_texts

TEXTS = random_texts(60, seed=7)


@pytest.fixture(scope="module")
def small(exported: Exported) -> Path:
    return exported("bert", "auto", int8=True)


def test_answers_are_close_and_not_the_same(model_of: ModelOf, small: Path) -> None:
    expected = model_of("bert", "auto").predict(TEXTS)
    got = OnnxAdueModel.from_pretrained(small).predict(TEXTS)
    gaps = np.abs(got.probabilities - expected.probabilities)
    # Sums that overflow, as with 8-bit weights on processors without VNNI, give a mean of 0.2 and half of the labels.
    assert 1e-4 < gaps.mean() < 0.06
    assert (got.labels == expected.labels).mean() > 0.8
    assert Manifest.from_json(small / MANIFEST_FILE).precision == "int8"


def test_every_matrix_of_the_base_model_is_in_8_bits_and_no_head_is(small: Path) -> None:
    tensors = onnx.load(small / "model.onnx").graph.initializer
    kinds = {TensorProto.INT8: "matrix", TensorProto.UINT8: "embedding", TensorProto.FLOAT: "float"}
    of_two = [tensor for tensor in tensors if len(tensor.dims) == 2 and tensor.data_type in kinds]
    found = [(kinds[tensor.data_type], *sorted(tensor.dims)) for tensor in of_two]
    layer = [("matrix", 16, 16)] * 4 + [("matrix", 16, 32), ("matrix", 16, 32)]
    heads = [("float", 3, 16), ("float", 3, 16)]
    base = [*layer, *layer, ("matrix", 16, 16), ("embedding", 16, 37), ("embedding", 16, 64), ("embedding", 2, 16)]
    assert sorted(found) == sorted([*base, *heads])
