"""The classifier and its uncertainty head as one ONNX graph: written, made smaller, and served."""

from adue.models.export.runtime import OnnxAdueModel
from adue.models.export.write import export_onnx

__all__ = ["OnnxAdueModel", "export_onnx"]
