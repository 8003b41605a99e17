"""The engine of a loaded model: what a threshold or a calibrator set on its U is bound to."""

from adue.decisions.engine import Engine
from adue.models.base import BaseAdueModel
from adue.models.export import OnnxAdueModel


def engine_of(model: BaseAdueModel | OnnxAdueModel) -> Engine:
    """Return what computes the U of `model`, as far as it moves values."""
    if isinstance(model, OnnxAdueModel):
        manifest = model.manifest
        dtype = "int8" if manifest.precision == "int8" else manifest.dtype
        return Engine(backend="export", dtype=dtype, merged=True, max_length=manifest.max_length)
    classifier = model.classifier
    return Engine(
        backend="onnx" if classifier.backend == "onnx" else "torch",
        dtype=str(classifier.dtype).removeprefix("torch."),
        merged=model.origin.merged,
        max_length=classifier.max_length,
    )
