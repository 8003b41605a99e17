"""Opening a graph with ONNX Runtime."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from adue.foundation.errors import ArtifactError
from adue.models.onnx.extra import import_optional

PROCESSOR = ("CPUExecutionProvider",)


def open_session(path: Path, providers: Sequence[str] = PROCESSOR) -> Any:
    """Return ONNX Runtime's session of the graph at `path`, on the number of threads that torch takes.

    Raises
    ------
    MissingExtraError
        When ONNX Runtime is not installed.
    ArtifactError
        When the file is missing or damaged.
    """
    runtime = import_optional("onnxruntime")
    state = runtime.capi.onnxruntime_pybind11_state
    options = runtime.SessionOptions()
    # By itself it takes all cores, against what OMP_NUM_THREADS and torch.set_num_threads say.
    options.intra_op_num_threads = torch.get_num_threads()
    try:
        return runtime.InferenceSession(path, options, providers=list(providers))
    except (state.Fail, state.InvalidGraph, state.InvalidProtobuf, state.NoSuchFile) as error:
        raise ArtifactError(f"{path} is missing or damaged ({error}); export the adapter again") from error
