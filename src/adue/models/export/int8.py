"""A graph's base model in 8-bit integers, by ONNX Runtime's dynamic quantisation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adue.models.onnx.extra import import_optional
from adue.models.onnx.graph import FEATURES


def quantise(path: Path) -> None:
    """Replace the graph at `path` by one whose base model multiplies in 8-bit integers; both heads stay as they are.

    Embeddings get one scale each, other weights one per column of the matrix, what they are multiplied with one per
    call. Weights use 7 of their 8 bits, so that every processor computes the same. Products of two activations, which
    attention consists of, stay in float32.
    """
    onnx, quantization = import_optional("onnx"), import_optional("onnxruntime.quantization")
    model = onnx.load(path)
    heads = _after(FEATURES, model.graph.node)
    # torch.onnx has inferred shapes and folded constants; without this word the library logs advice to do so.
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    quantization.quantize_dynamic(
        model,
        path,
        op_types_to_quantize=["MatMul", "Gather"],
        per_channel=True,
        # The library makes a MatMul of every Gemm before it looks at the names.
        nodes_to_exclude=[*heads, *(f"{name}_MatMul" for name in heads)],
        weight_type=quantization.QuantType.QInt8,
        # Processors with AVX2 but no VNNI add pairs of products in 16 bits, which overflow with all 8 bits of a weight.
        reduce_range=True,
    )


def _after(value: str, nodes: Sequence[Any]) -> list[str]:
    """Return the names of the nodes, given in the order of computation, that `value` does not depend on."""
    needed, after = {value}, []
    for node in reversed(nodes):
        if needed.isdisjoint(node.output):
            after.append(node.name)
        else:
            needed.update(node.input)
    return after
