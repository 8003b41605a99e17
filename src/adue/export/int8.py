"""A graph's base model in 8-bit integers, by ONNX Runtime's dynamic quantisation."""

from pathlib import Path

from adue.export.extra import optional
from adue.features.layouts import Layout


def quantise(path: Path, layout: Layout) -> None:
    """Replace the graph at `path` by one whose base model multiplies in 8-bit integers; both heads stay as they are.

    Weights get a scale per column of each matrix, what they are multiplied with one per call. Products of two
    activations, which attention consists of, stay in float32.
    """
    onnx, quantization = optional("onnx"), optional("onnxruntime.quantization")
    graph = onnx.load(path).graph
    heads = ("/head:", f"/model.{layout.entry}:", f"/model.{layout.output}:")
    kept = [node.name for node in graph.node if any(head in _modules(node) for head in heads)]
    smaller = path.with_suffix(".int8.onnx")
    quantization.quantize_dynamic(
        path,
        smaller,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        nodes_to_exclude=kept,
        weight_type=quantization.QuantType.QInt8,
    )
    smaller.replace(path)


def _modules(node: object) -> str:
    """Return the modules that a node of the graph came from, outermost first, as torch.onnx notes them."""
    properties = getattr(node, "metadata_props", ())
    return next((entry.value for entry in properties if entry.key == "namespace"), "")
