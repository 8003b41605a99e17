import functools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from adue import AdueModel
from adue.models.pretrained.quiet import quiet_transformers
from tests.support.adapters import save_tiny_adapter
from tests.support.graphs import traced_once

__all__ = ["traced_once"]

AdapterOf = Callable[[str], Path]


@pytest.fixture(scope="session")
def adapter_of(tmp_path_factory: pytest.TempPathFactory) -> AdapterOf:
    """Return the folder of an adapter that looks trained, by model_type; made once."""

    @functools.cache
    def adapter(model_type: str) -> Path:
        with quiet_transformers():
            return save_tiny_adapter(tmp_path_factory.mktemp(model_type), model_type)

    return adapter


@pytest.fixture(scope="session")
def graphs(made_once: Path) -> Path:
    """A cache folder that keeps the graphs of this run: each is traced once."""
    return made_once / "graphs"


@pytest.fixture(autouse=True)
def _cache(graphs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADUE_CACHE_DIR", str(graphs))


@pytest.fixture
def cache(graphs: Path, adapter_of: AdapterOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own that holds the graph of BERT alone; its path is returned."""
    fingerprint = AdueModel.from_pretrained(adapter_of("bert"), backend="onnx").classifier.fingerprint
    own = tmp_path / "cache"
    shutil.copytree(graphs / "graphs" / fingerprint, own / "graphs" / fingerprint)
    monkeypatch.setenv("ADUE_CACHE_DIR", str(own))
    return own
