"""Graphs that are traced once in a run of the tests: tracing takes seconds, and most tests are about what follows."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from filelock import FileLock
from torch import Tensor, nn

from adue.foundation.digests import tensors_sha256
from adue.models.onnx.trace import write_graph


def trace_once(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let graphs be copied from `folder` where the same module was traced before, in any process of this run.

    Not for tests that change how a module is traced or computed: only its weights are compared.
    """

    def write(
        module: nn.Module,
        batch: Mapping[str, Tensor],
        path: Path,
        *,
        name: str,
        outputs: Sequence[str],
        inner: Sequence[str] = (),
    ) -> None:
        about = (type(module).__name__, name, *batch, *outputs, *inner, tensors_sha256(module.state_dict()))
        traced = folder / f"{hashlib.sha256(' '.join(about).encode()).hexdigest()[:32]}.onnx"
        with FileLock(f"{traced}.lock"):
            if not traced.exists():
                write_graph(module, batch, path, name=name, outputs=outputs, inner=inner)
                shutil.copy(path, traced)
        shutil.copy(traced, path)

    patch.setattr("adue.models.onnx.cached.write_graph", write)
    patch.setattr("adue.models.export.write.write_graph", write)


@pytest.fixture
def traced_once(made_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the graphs that a test writes from other tests that wrote the same ones."""
    # With the monkeypatch of the test itself: what the test changes after this is taken back before this is.
    trace_once(made_once, monkeypatch)
