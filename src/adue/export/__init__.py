"""The classifier and its uncertainty head as one ONNX graph: written, made smaller, and served."""

from adue.export.runtime import OnnxAdueModel
from adue.export.write import export_onnx

__all__ = ["OnnxAdueModel", "export_onnx"]
